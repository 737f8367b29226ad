/**
 * The options that a cluster or sentinel of the official driver was made with; null when they cannot be had.
 *
 * Neither tells them, yet both have `duplicate()`, which hands them to the constructor that it finds on the prototype of
 * the object it is called on. Here that constructor only takes them down, so nothing is made or connected.
 */
export function recordedOptions(client: object): unknown {
  let recorded: unknown = null
  class Recorder {
    constructor(options: unknown) {
      recorded = options
    }
  }
  const prototype: object = Object.create(client, { constructor: { value: Recorder } })
  const stand: { duplicate?: unknown } = Object.create(prototype)
  if (typeof stand.duplicate !== 'function') return null
  try {
    stand.duplicate()
  } catch {
    return null
  }
  return recorded
}
