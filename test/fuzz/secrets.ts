import { inspect } from 'node:util'
import fc from 'fast-check'
import { hostileText } from './hostile-text.ts'

/** How every secret starts and ends, so that a part of it is found too, encoded or not. */
const marks = ['S3cr3t', 'h1dden'] as const

export const secret: fc.Arbitrary<string> = fc
  .oneof(fc.constant(''), fc.string({ maxLength: 8 }), hostileText, fc.stringMatching(/^[@:/?#%&= '"`\\]{1,6}$/))
  .map((between) => marks[0] + between + marks[1])

const asItIs = (text: string) => text
const encodings: fc.Arbitrary<(text: string) => string> = fc.constantFrom(
  asItIs,
  (text: string) => encodeURIComponent(text.toWellFormed()),
  (text: string) => encodeURIComponent(encodeURIComponent(text.toWellFormed())),
  (text: string) => Array.from(Buffer.from(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
)

const schemes = fc.constantFrom(
  ...['redis://', 'rediss://', 'redis+cluster://', 'redis+sentinel://', 'REDIS://', 'redis:', 'redis:/', 'redsi://'],
  ...['postgres://', 'postgresql://', 'PostgreSQL://', 'postgres:', ' postgres://', 'mysql://', 'https://', ''],
  ...['memory://', 'sqlite://', 'sqlite:'],
)

const shapes: fc.Arbitrary<(text: string) => string> = fc.constantFrom(
  (text: string) => `user:${text}@127.0.0.1:1/0`,
  (text: string) => `:${text}@127.0.0.1:1`,
  (text: string) => `user:${text}@127.0.0.1:1,127.0.0.1:2/master/0`,
  (text: string) => `user:${text}@[::1]:1/db?sslmode=disable`,
  (text: string) => `user:${text}@`,
  (text: string) => `us%65r%3A${encodeURIComponent(text.toWellFormed())}%40127.0.0.1`,
  (text: string) => `127.0.0.1:1/0?password=${text}`,
  (text: string) => `127.0.0.1:1/app?sslmode=disable&pass%77ord=${text}&db=1`,
  (text: string) => `127.0.0.1:1/app?user=u&password=${text}#${text}`,
  (text: string) => `user:${text}@127.0.0.1:99999/0/x/y`,
)

/** A URI with a secret in it, well made or not, and the secret as it stands there. */
export const uriWithSecret: fc.Arbitrary<string> = fc
  .tuple(schemes, shapes, encodings, secret)
  .map(([scheme, shape, encoded, text]) => scheme + shape(encoded(text)))

/** Fails when any part of a secret can be read out of what was given to a user, however it is printed. */
export function assertHidden(...shown: readonly unknown[]): void {
  for (const each of shown) {
    for (const text of textsOf(each)) {
      const found = marks.find((mark) => text.includes(mark))
      if (found !== undefined) throw new Error(`a secret is shown: ${text.slice(0, 600)}`)
    }
  }
}

function textsOf(shown: unknown): readonly string[] {
  if (typeof shown === 'string') return [shown]
  const printed = [inspect(shown, { depth: 8 }), inspect(shown, { depth: 8, showHidden: true }), jsonOf(shown)]
  return shown instanceof Error ? [...printed, ...textsOfError(shown)] : printed
}

function textsOfError(error: Error): readonly string[] {
  const { cause } = error
  const own = [String(error), error.message, error.stack ?? '']
  return cause === undefined ? own : [...own, ...textsOf(cause)]
}

function jsonOf(shown: unknown): string {
  try {
    return JSON.stringify(shown) ?? ''
  } catch {
    return ''
  }
}
