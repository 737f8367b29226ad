import { fieldPath } from './field-path.ts'
import { isPlainObject } from './own-members.ts'
import type { Problem } from './problem.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** `$${` stands for `${` itself; `${NAME}` is a variable; any other `${` is a mistake. */
const reference = /\$\$\{|\$\{([A-Za-z_]\w*)\}|\$\{/g
const depthMax = 20

/**
 * Replaces `${NAME}` in all strings of a parsed file by the environment's variable, so that passwords stay out of files.
 * Names of members are left as they are.
 */
export function expandEnvironment(
  input: unknown,
  environment: Environment,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const value = expandValue(input, { field: '', depth: 0 })
  return { value, problems }

  function expandValue(part: unknown, place: { readonly field: string; readonly depth: number }): unknown {
    if (typeof part === 'string') return expandText(part, place.field)
    if (typeof part !== 'object' || part === null) return part
    if (place.depth >= depthMax) {
      problems.push({ field: place.field, expected: `at most ${depthMax} levels of nesting` })
      return null
    }
    const inside = (member: string | number) => ({ field: fieldPath(place.field, member), depth: place.depth + 1 })
    if (Array.isArray(part)) return part.map((item, index) => expandValue(item, inside(index)))
    if (!isPlainObject(part)) return part
    // fromEntries defines members, so that one called __proto__ stays a member.
    return Object.fromEntries(Object.entries(part).map(([name, item]) => [name, expandValue(item, inside(name))]))
  }

  function expandText(text: string, field: string): string {
    return text.replace(reference, (found, name: string | undefined) => {
      if (found === '$${') return '${'
      const variable = name === undefined || !Object.hasOwn(environment, name) ? undefined : environment[name]
      if (variable !== undefined) return variable
      problems.push({ field, expected: missing(name) })
      return ''
    })
  }
}

function missing(name: string | undefined): string {
  if (name !== undefined) return `the environment variable ${name} to be set`
  return `a variable's name and } after \${, as in \${NAME}, or $\${ for the characters \${ themselves`
}
