/** Own members that are set, or null when it is no plain object, or cannot be read: a getter or a proxy may throw. */
export function ownMembers(input: unknown): readonly (readonly [string, unknown])[] | null {
  try {
    return isPlainObject(input) ? Object.entries(input).filter(([, value]) => value !== undefined) : null
  } catch {
    return null
  }
}

/** `{…}` of this or another realm, or an object without a prototype: no array, no instance of a class. */
export function isPlainObject(input: unknown): input is object {
  try {
    if (typeof input !== 'object' || input === null || Array.isArray(input)) return false
    const prototype: unknown = Object.getPrototypeOf(input)
    return prototype === null || Object.getPrototypeOf(prototype) === null
  } catch {
    return false
  }
}
