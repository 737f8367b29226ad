import { isPlainObject } from './own-members.ts'

/** What was found instead, fit for a message. Texts are never repeated: a misplaced one may well be a password. */
export function describeFound(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing'
    case 'number':
    case 'boolean':
      return String(value)
    case 'string':
      return value === '' ? 'an empty string' : 'a string'
    case 'object':
      return describeObject(value)
    default:
      return `a ${typeof value}`
  }
}

function describeObject(value: object | null): string {
  if (value === null) return 'null'
  if (isPlainObject(value)) return 'an object'
  return isArray(value) ? 'an array' : 'an instance of a class'
}

/** `Array.isArray` throws for a proxy that was revoked. */
function isArray(value: object): boolean {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}
