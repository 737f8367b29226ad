/**
 * Cuts the entries of one request into parts that each fit a call, so that one part's failure is no other's; what fits
 * a call comes back as it is.
 */
export function partsOf<Entry>(entries: readonly Entry[], entriesMax: number): readonly (readonly Entry[])[] {
  if (entries.length <= entriesMax) return [entries]
  const parts: Entry[][] = []
  for (let start = 0; start < entries.length; start += entriesMax) parts.push(entries.slice(start, start + entriesMax))
  return parts
}
