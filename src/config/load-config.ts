import * as v from 'valibot'
import { ConfigError } from '../errors.ts'
import { readConfigFile } from './config-file.ts'
import { describeFound } from './describe-found.ts'
import { type Environment, expandEnvironment } from './environment.ts'
import { fieldPath } from './field-path.ts'
import { readFields } from './fields.ts'
import { optionsSchema, type QuorumOptions, timeProblems } from './options.ts'
import { ownMembers } from './own-members.ts'
import { type Problem, throwProblems } from './problem.ts'
import { redact } from './redact.ts'

declare const fromFile: unique symbol

/** An entry of a configuration file that is no text: only opening it tells whether it is a replica. */
export interface ConfiguredSource {
  readonly [fromFile]: true
}

/** What a configuration file holds: the list of replicas, and the options beside it. */
export interface QuorumConfig extends QuorumOptions {
  /** URIs, `{ use: … }` objects, and from a JS or TS file also ready stores. Checked when they are opened. */
  readonly replicas: readonly (string | ConfiguredSource)[]
}

const replicaList = v.pipe(v.array(v.unknown(), 'a list of replicas'), v.minLength(1, 'at least one replica'))
const configSchema = v.object({ ...optionsSchema.entries, replicas: replicaList })

/**
 * Reads the configuration from a `.json`, `.yaml`, `.yml`, `.js`, `.mjs`, `.cjs`, `.ts` or `.mts` file. In JSON and YAML,
 * `${NAME}` in a string is replaced from the environment. A module's default export is the object, or a function, which may be
 * async, that returns it.
 *
 * @example
 * const { replicas, ...options } = await loadConfig('quorum.yaml')
 * const store = new KeyvQuorum(replicas, options)
 *
 * @throws ConfigError naming the file and every field that is wrong
 */
export async function loadConfig(path: string, environment: Environment = process.env): Promise<QuorumConfig> {
  const { value, isData } = await readConfigFile(path)
  const file = redact(path)
  if (ownMembers(value) === null) {
    throw new ConfigError(file, `an object with a list called replicas, not ${describeFound(value)}`)
  }
  const expanded = isData ? expandEnvironment(value, environment) : { value, problems: [] }
  throwProblems(expanded.problems, file)
  return readConfig(expanded.value, file)
}

function readConfig(input: unknown, file: string): QuorumConfig {
  const { value, problems } = readFields(configSchema, input, { parent: '', self: file, noun: 'option' })
  const { replicas = [], ...options } = value
  const isReplicasMissing = value.replicas === undefined && !problems.some((problem) => problem.field === 'replicas')
  throwProblems(
    [
      ...(isReplicasMissing ? [{ field: 'replicas', expected: 'a list of replicas, not nothing' }] : []),
      ...problems,
      ...sourceProblems(replicas),
      ...timeProblems(options),
    ],
    file,
  )
  return { ...options, replicas: replicas.filter(isSource) }
}

function sourceProblems(replicas: readonly unknown[]): Problem[] {
  return replicas.flatMap((source, index) => {
    if (isSource(source)) return []
    return [{ field: fieldPath('replicas', index), expected: `a URI or an object, not ${describeFound(source)}` }]
  })
}

function isSource(source: unknown): source is string | ConfiguredSource {
  return typeof source === 'string' || (typeof source === 'object' && source !== null)
}
