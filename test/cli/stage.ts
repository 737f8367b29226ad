import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Writable } from 'node:stream'
import Keyv from 'keyv'
import { run } from '../../cli/run.ts'
import { KeyvQuorum } from '../../src/keyv-quorum.ts'

const namespace = 'ns'
/** A busy machine is no reason for another outcome. */
const patience = { deadlineMs: 30_000, callTimeoutMs: 30_000 }

/** SQLite replicas a, b and c in a folder of their own, configurations that name them, and commands to play with them. */
export class Stage {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'keyv-quorum-cli-'))

  constructor() {
    const file = (id: string) => `  - { use: sqlite, path: "${this.path(id)}", id: ${id} }\n`
    const dead = (id: string) => `  - { use: redis, url: "redis://user:secret@127.0.0.1:1", id: ${id} }\n`
    const configurations = {
      quorum: file('a') + file('b') + file('c'),
      'c-down': file('a') + file('b') + dead('c'),
      'b-and-c-down': file('a') + dead('b') + dead('c'),
      'all-down': dead('a') + dead('b') + dead('c'),
    }
    for (const [name, replicas] of Object.entries(configurations)) {
      writeFileSync(
        join(this.folder, `${name}.yaml`),
        `replicas:\n${replicas}deadlineMs: 30000\ncallTimeoutMs: 30000\n`,
      )
    }
    writeFileSync(join(this.folder, 'misspelt.yaml'), 'replicass: []\nw: two\n')
  }

  path(id: string): string {
    return join(this.folder, `${id}.db`)
  }

  /** @returns what a reader sees, one line each */
  async play(command: string): Promise<readonly string[]> {
    const [name = '', ...given] = words(command)
    switch (name) {
      case 'keyv-quorum':
        return this.#run(given)
      case 'set':
        return this.#withKeyv((keyv) => keyv.set(given[0] ?? '', given[1]))
      case 'delete':
        return this.#withKeyv((keyv) => keyv.delete(given[0] ?? ''))
      case 'lose':
        return this.#change('DELETE FROM keyv_quorum WHERE key = ?', given)
      case 'damage':
        return this.#change("UPDATE keyv_quorum SET payload = payload || 'x' WHERE key = ?", given)
      case 'old-store':
        return this.#fillOldStore(given)
      default:
        throw new Error(`there is no command ${name}`)
    }
  }

  close(): void {
    rmSync(this.folder, { recursive: true })
  }

  async #run(given: readonly string[]): Promise<readonly string[]> {
    const [stdout, stderr] = [new Heard(), new Heard()]
    const inFolder = given.map((word) => word.replace(/([\w-]+\.(?:yaml|db))$/, join(this.folder, '$1')))
    const exitCode = await run(inFolder, { stdout, stderr })
    const lines = [...stdout.lines(), ...stderr.lines().map((line) => `stderr: ${line}`), `exit code ${exitCode}`]
    return withoutGuarantees(lines).map((line) => masked(line.replaceAll(`${this.folder}/`, '')))
  }

  async #withKeyv(act: (keyv: Keyv) => Promise<unknown>): Promise<readonly string[]> {
    const store = new KeyvQuorum(
      ['a', 'b', 'c'].map((id) => ({ use: 'sqlite', path: this.path(id), id })),
      { ...patience, w: 3 },
    )
    const outcome = await act(new Keyv(store, { namespace }))
    await store.disconnect()
    return [String(outcome)]
  }

  #change(statement: string, [id = '', key = '']: readonly string[]): readonly string[] {
    using database = new DatabaseSync(this.path(id))
    return [`${database.prepare(statement).run(`${namespace}:${key}`).changes} changed`]
  }

  #fillOldStore([key = '', value = '']: readonly string[]): readonly string[] {
    using database = new DatabaseSync(this.path('old'))
    database.exec('CREATE TABLE IF NOT EXISTS keyv(key VARCHAR(255) PRIMARY KEY, value TEXT)')
    return [`${database.prepare('INSERT OR REPLACE INTO keyv VALUES (?, ?)').run(key, value).changes} row`]
  }
}

/** Words between blanks; `'…'` is one. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
}

/** They have tests of their own. */
function withoutGuarantees(lines: readonly string[]): string[] {
  const isText = (line: string) => /^G\d|^ {9}\S|^- /.test(line)
  const start = lines.indexOf('  "guarantees": [')
  const end = lines.indexOf('}', start)
  return lines.filter((line, place) => !isText(line) && !(start >= 0 && place > start && place < end))
}

/** Versions, lineages, times and amounts are others every time, and so are the blanks that align them. */
function masked(line: string): string {
  return line
    .replace(/\b[0-9a-f]{12} [0-9a-f]{4} [0-9a-f]{12}\b/g, 'VERSION')
    .replace(/\b[0-9a-f]{28}\b/g, 'VERSION')
    .replace(/\b[0-9a-f]{12}…/g, 'LINEAGE')
    .replace(/\bnow\b|\b\d+ (s|min) ago\b/g, 'TIME')
    .replace(/\d[\d,]* +\d[\d,]*$/, 'KB  MS')
    .replace(/^([abc] +)[1-9]\d*(?= .*KB {2}MS$)/, '$1SOME')
    .replace(/and \d answered: .*?(?=;|$)/, 'and too few answered: REASONS')
    .replace(/in [\d,]+ ms/, 'in MS ms')
    .replace(/"(\w*Ms|lineage)": (?!null)[^,]+/g, '"$1": …')
    .replace(/(\S) {2,}/g, '$1  ')
}

class Heard extends Writable {
  #text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#text += chunk.toString()
    done()
  }

  lines(): string[] {
    return this.#text === '' ? [] : this.#text.replace(/\n$/, '').split('\n')
  }
}
