import { appendFileSync, closeSync, openSync, writeSync } from 'node:fs'
import type { Operation } from '../../history/history.ts'

/** The time of this host since it started, which all its processes share and nobody can set. */
export function hostMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export type Invocation = Pick<Operation, 'client' | 'kind' | 'key' | 'value' | 'expiresAtMs'> & {
  readonly namespace: string
}

/** The two kinds of line of a log: an operation is begun, and an operation has ended. */
export type LogLine =
  | ({ readonly begun: number; readonly atMs: number } & Invocation)
  | {
      readonly ended: number
      readonly atMs: number
      readonly outcome: Operation['outcome']
      readonly value?: string | null
      /** Why it failed. */
      readonly why?: string
    }

/**
 * Where one process puts on record what it does, each line before it goes on: what a process that is killed had begun is
 * on record, because the system keeps what was written to a file, whatever becomes of the writer.
 */
export class OperationLog {
  readonly #file: number
  #begun = 0

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  /** @returns what {@link end} is to be called with */
  begin(invocation: Invocation): number {
    const begun = this.#begun
    this.#begun += 1
    this.#write({ begun, atMs: hostMs(), ...invocation })
    return begun
  }

  /** @param told what a get returned, or why it failed */
  end(
    begun: number,
    outcome: Operation['outcome'],
    told: { readonly value?: string | null; readonly why?: string },
  ): void {
    this.#write({ ended: begun, atMs: hostMs(), outcome, ...told })
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(line: LogLine): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`)
  }
}

/** For what happens now and then; the file may be read while it is written. */
export function appendLine(path: string, line: object): void {
  appendFileSync(path, `${JSON.stringify(line)}\n`)
}
