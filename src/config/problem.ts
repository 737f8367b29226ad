import { ConfigError } from '../errors.ts'

/** One thing that is wrong with the configuration. */
export interface Problem {
  /** Where: a path such as `w` or `replicas[2].path`. */
  readonly field: string
  /** What belongs there, and what was found instead; never holds text that could be a password. */
  readonly expected: string
}

/**
 * All problems in one error, so that a configuration is put right in one go. `field` is that of the first problem;
 * `expected` starts with what belongs there and goes on with the other problems, one a line.
 *
 * @param file the configuration file that holds the problems, if one does
 */
export function configError(problems: readonly [Problem, ...Problem[]], file?: string): ConfigError {
  const [first, ...others] = problems
  const lines = [first.expected, ...others.map(problemText)]
  if (file !== undefined) lines.push(`(in ${file})`)
  const separator = lines.length > 2 || others.length > 0 ? '\n' : ' '
  return new ConfigError(first.field, lines.join(separator))
}

export function throwProblems(problems: readonly Problem[], file?: string): void {
  const [first, ...others] = problems
  if (first !== undefined) throw configError([first, ...others], file)
}

function problemText(problem: Problem): string {
  return `${problem.field}: expected ${problem.expected}`
}
