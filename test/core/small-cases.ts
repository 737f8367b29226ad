/** Every order of 0 to n - 1. */
export function permutations(n: number): readonly (readonly number[])[] {
  if (n === 0) return [[]]
  return permutations(n - 1).flatMap((order) =>
    Array.from({ length: n }, (_, place) => [...order.slice(0, place), n - 1, ...order.slice(place)]),
  )
}

/** Every list of that length over the letters. */
export function tuples<Letter>(letters: readonly Letter[], length: number): readonly (readonly Letter[])[] {
  if (length === 0) return [[]]
  return tuples(letters, length - 1).flatMap((shorter) => letters.map((letter) => [...shorter, letter]))
}

/** Every subset of 0 to n - 1 with exactly that many members. */
export function subsets(n: number, size: number): readonly (readonly number[])[] {
  return tuples([false, true], n)
    .filter((isIn) => isIn.filter(Boolean).length === size)
    .map((isIn) => isIn.flatMap((member, index) => (member ? [index] : [])))
}
