/** All that is given; nothing where there is nothing to ask. */
export async function allOf<Item>(items: AsyncIterable<Item> | undefined): Promise<Item[]> {
  const all: Item[] = []
  for await (const item of items ?? []) all.push(item)
  return all
}
