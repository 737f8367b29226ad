import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../errors.ts'
import { describeFound } from './describe-found.ts'
import { redact } from './redact.ts'

/** What a configuration file holds, before anything in it is checked. */
export interface FileContent {
  readonly value: unknown
  /** Data takes variables from the environment; code can do that itself. */
  readonly isData: boolean
}

type Reader = (path: string) => Promise<unknown>

const dataReaders: Readonly<Record<string, Reader>> = {
  '.json': async (path) => parseJson(await readText(path), path),
  '.yaml': async (path) => parseYaml(await readText(path), path),
  '.yml': async (path) => parseYaml(await readText(path), path),
}

const moduleExtensions: readonly string[] = ['.js', '.mjs', '.cjs', '.ts', '.mts']

/** @throws ConfigError when the file cannot be read, parsed or run */
export async function readConfigFile(path: string): Promise<FileContent> {
  if (typeof path !== 'string') throw new ConfigError('path', `the path of a file, not ${describeFound(path)}`)
  const extension = extname(path).toLowerCase()
  const readData = Object.hasOwn(dataReaders, extension) ? dataReaders[extension] : undefined
  if (readData !== undefined) return { value: await readData(path), isData: true }
  if (moduleExtensions.includes(extension)) return { value: await runModule(path), isData: false }
  const known = [...Object.keys(dataReaders), ...moduleExtensions].join(', ')
  throw new ConfigError(redact(path), `a file that ends in one of ${known}`)
}

async function readText(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8')
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  } catch (cause) {
    throw new ConfigError(redact(path), `a file that can be read${codeOf(cause)}`)
  }
}

/** The parser's own message is left out, here and below: it repeats a piece of the file, which may hold a password. */
function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const place = cause instanceof Error ? /line \d+ column \d+/.exec(cause.message)?.[0] : undefined
    const where = place === undefined ? '' : `; it stops being JSON at ${place}`
    throw new ConfigError(redact(path), `valid JSON (double quotes, no comments, no trailing commas)${where}`)
  }
}

async function parseYaml(text: string, path: string): Promise<unknown> {
  const { LineCounter, parseDocument } = await import('yaml')
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, lineCounter, logLevel: 'silent' })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault !== undefined) {
    const { line, col } = lineCounter.linePos(fault.pos[0])
    throw new ConfigError(redact(path), `valid YAML; line ${line}, column ${col} is not (${fault.code})`)
  }
  try {
    return document.toJS()
  } catch {
    throw new ConfigError(redact(path), 'YAML whose aliases name an anchor above them, and not too many of them')
  }
}

async function runModule(path: string): Promise<unknown> {
  await readText(path)
  try {
    const module: { default?: unknown } = await import(pathToFileURL(resolve(path)).href)
    const exported = module.default
    return typeof exported === 'function' ? await exported() : exported
  } catch (cause) {
    const expected = `a module that loads and whose default export is the configuration${codeOf(cause)}`
    throw new ConfigError(redact(path), expected, cause)
  }
}

function codeOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return ''
  return typeof cause.code === 'string' && /^[A-Z_]{1,60}$/.test(cause.code) ? ` (${cause.code})` : ''
}
