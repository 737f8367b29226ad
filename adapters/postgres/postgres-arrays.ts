/**
 * Array parameters in PostgreSQL's text form. The driver can write them too, an element at a time with a check of its
 * type; a batch of a thousand records has ten thousand elements of known types.
 */

/** Numbers, versions and the like, which need no quotes. */
export function plainArray(elements: readonly (string | number)[]): string {
  return `{${elements.join(',')}}`
}

/** Null where there is nothing but nulls: `unnest` fills up what is missing. */
export function plainArrayOrNull(elements: readonly (string | number | null)[]): string | null {
  if (elements.every((element) => element === null)) return null
  return `{${elements.map((element) => element ?? 'NULL').join(',')}}`
}

export function textArray(elements: readonly string[]): string {
  return `{${elements.map(quoted).join(',')}}`
}

/** Null where there is nothing but nulls: `unnest` fills up what is missing. */
export function textArrayOrNull(elements: readonly (string | null)[]): string | null {
  if (elements.every((element) => element === null)) return null
  return `{${elements.map((element) => (element === null ? 'NULL' : quoted(element))).join(',')}}`
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}
