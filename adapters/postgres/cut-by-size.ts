/** Cuts a list into parts, in order, none of them larger than `sizeMax` unless it is a single item. */
export function cutBySize<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  sizeMax: number,
): readonly (readonly Item[])[] {
  const parts: Item[][] = []
  let size = 0
  for (const item of items) {
    const own = sizeOf(item)
    const part = parts.at(-1)
    if (part === undefined || size + own > sizeMax) {
      parts.push([item])
      size = own
    } else {
      part.push(item)
      size += own
    }
  }
  return parts
}
