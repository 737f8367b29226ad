import { FakeErrorReply, type Reply } from './reply.ts'

/** A reply as it travels. */
export function encoded(reply: Reply): string {
  if (reply === null) return '$-1\r\n'
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`
  if (reply instanceof FakeErrorReply) return `-${reply.message}\r\n`
  return `*${reply.length}\r\n${reply.map(encoded).join('')}`
}

/** Reads commands out of what arrives, whole ones alone. */
export class CommandReader {
  #arrived = Buffer.alloc(0)

  /** @returns those that are complete now */
  read(bytes: Buffer): readonly (readonly string[])[] {
    this.#arrived = Buffer.concat([this.#arrived, bytes])
    const commands: (readonly string[])[] = []
    for (let found = this.#first(); found !== null; found = this.#first()) {
      commands.push(found.args)
      this.#arrived = this.#arrived.subarray(found.end)
    }
    return commands
  }

  #first(): { readonly args: readonly string[]; readonly end: number } | null {
    const count = this.#numberAt(0)
    if (count === null) return null
    const args: string[] = []
    let { end } = count
    for (let index = 0; index < count.value; index += 1) {
      const length = this.#numberAt(end)
      if (length === null || this.#arrived.length < length.end + length.value + 2) return null
      args.push(this.#arrived.toString('utf8', length.end, length.end + length.value))
      end = length.end + length.value + 2
    }
    return { args, end }
  }

  /** After `*` or `$`; null when its line is not complete. */
  #numberAt(start: number): { readonly value: number; readonly end: number } | null {
    const end = this.#arrived.indexOf('\r\n', start)
    return end < 0 ? null : { value: Number(this.#arrived.toString('latin1', start + 1, end)), end: end + 2 }
  }
}
