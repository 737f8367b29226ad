const watched: readonly object[] = [
  Object.prototype,
  Array.prototype,
  Function.prototype,
  String.prototype,
  Number.prototype,
  Map.prototype,
  Set.prototype,
  Promise.prototype,
  RegExp.prototype,
  Error.prototype,
  Uint32Array.prototype,
  Object,
  Array,
  JSON,
  Reflect,
]

const membersBefore = watched.map(membersOf)
const countBefore = countMembers()

/** Quick enough for every case: whether anything was added to what all objects share. */
export function assertNothingAdded(): void {
  if (countMembers() !== countBefore) throw new Error('a prototype has a member that it did not have before')
}

/** Whether what all objects share is as it was when this file was loaded, member by member. */
export function assertUntouched(): void {
  for (const [index, object] of watched.entries()) {
    const now = membersOf(object)
    const before = membersBefore[index] ?? new Map()
    const isSame = now.size === before.size && [...now].every(([name, value]) => before.get(name) === value)
    if (!isSame) throw new Error(`a built-in object was changed: ${String(object)}`)
  }
}

function countMembers(): number {
  let count = 0
  for (const object of watched) count += Object.getOwnPropertyNames(object).length
  return count
}

function membersOf(object: object): Map<string | symbol, unknown> {
  const descriptors = Reflect.ownKeys(object).map((name) => [name, Object.getOwnPropertyDescriptor(object, name)])
  return new Map(descriptors.map(([name, found]) => [name as string, contentOf(found as PropertyDescriptor)]))
}

function contentOf({ value, get, set }: PropertyDescriptor): unknown {
  return value ?? get ?? set
}
