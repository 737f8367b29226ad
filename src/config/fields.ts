import * as v from 'valibot'
import { describeFound } from './describe-found.ts'
import { fieldPath, nameForMessage } from './field-path.ts'
import { nearestName } from './nearest-name.ts'
import { ownMembers } from './own-members.ts'
import type { Problem } from './problem.ts'

/** How the messages about an object name it and its members. */
export interface Place {
  /** The path before each member; empty at the top. */
  readonly parent: string
  /** The object itself, when it is not one. */
  readonly self: string
  /** What a member is called. */
  readonly noun: string
}

type FieldSchema = v.GenericSchema
type ObjectSchema = v.ObjectSchema<Record<string, FieldSchema>, undefined>

/**
 * Reads an object by a schema. Own properties alone count: neither a prototype nor a key such as `__proto__` can put
 * an option in. Members that are undefined count as left out. `value` holds the members that are right.
 */
export function readFields<const S extends ObjectSchema>(
  schema: S,
  input: unknown,
  place: Place,
): { readonly value: Partial<v.InferOutput<S>>; readonly problems: readonly Problem[] } {
  const members = ownMembers(input)
  if (members === null) {
    return {
      value: {},
      problems: [{ field: place.self, expected: `an object with ${place.noun}s, not ${describeFound(input)}` }],
    }
  }
  const known = Object.keys(schema.entries)
  const value: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const [name, member] of members) {
    const fieldSchema = Object.hasOwn(schema.entries, name) ? schema.entries[name] : undefined
    const field = fieldPath(place.parent, name)
    if (fieldSchema === undefined) {
      problems.push({ field, expected: unknownName(name, known, place.noun) })
      continue
    }
    const expected = expectation(fieldSchema, member)
    if (expected === null) value[name] = member
    else problems.push({ field, expected: `${expected}, not ${describeFound(member)}` })
  }
  return { value: value as Partial<v.InferOutput<S>>, problems }
}

function unknownName(name: string, known: readonly string[], noun: string): string {
  const near = nearestName(name, known)
  if (near !== null) return `a known ${noun}: did you mean ${near}?`
  return `a known ${noun}, one of ${known.join(', ')}, not ${nameForMessage(name)}`
}

/** What belongs there, or null when it is right. */
function expectation(schema: FieldSchema, member: unknown): string | null {
  try {
    const { issues } = v.safeParse(schema, member, { abortPipeEarly: true })
    return issues?.[0].message ?? null
  } catch {
    return 'something that can be read'
  }
}
