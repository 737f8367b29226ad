const nameLengthMax = 40
const distanceMax = 2
const unit = /(?:Ms|Max)$/

/** The known name that was probably meant, or null when none is near. */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > nameLengthMax) return null
  let nearest: string | null = null
  // A name of which every letter would have to change is not near: `x` is not a slip for `w`.
  let nearestDistance = Math.min(distanceMax + 1, name.length)
  for (const candidate of known) {
    const distance = distanceTo(name, candidate)
    if (distance < nearestDistance) {
      nearest = candidate
      nearestDistance = distance
    }
  }
  return nearest
}

/** A unit that was left out is no mistake of spelling. */
function distanceTo(name: string, candidate: string): number {
  const written = name.toLowerCase()
  return Math.min(
    editDistance(written, candidate.toLowerCase()),
    editDistance(written, candidate.replace(unit, '').toLowerCase()),
  )
}

/** How many letters to insert, remove or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      current.push(Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + cost))
    }
    last = current
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
