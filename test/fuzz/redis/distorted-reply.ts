import { sumsScript } from '../../../adapters/redis/lua-pages.ts'
import {
  headsScript,
  type LuaScript,
  purgeScript,
  putScript,
  renameScript,
} from '../../../adapters/redis/lua-scripts.ts'
import type { Meddled } from './redis-scene.ts'
import { FakeErrorReply } from './reply.ts'
import { type Distortion, Giant, giants, type ReplyLie } from './reply-lies.ts'

export interface Distorted {
  readonly meddled: Meddled
  /** Whether no server ever answers so: then the call fails, or the reply did not matter. */
  readonly isSenseless: boolean
}

/** @param args the command that the reply is to */
export function distortedReply(reply: unknown, args: readonly string[], { path, how }: ReplyLie): Distorted {
  if (how.does === 'never answer') return { meddled: 'never', isSenseless: true }
  if (how.does === 'break off') return { meddled: 'broken', isSenseless: true }
  if (how.does === 'fail') return { meddled: { reply: madeOf(how.value) }, isSenseless: true }
  let isSenseless = false
  const replaced = replacedAt(reply, path, 0, (part, depth) => {
    const now = distortedPart(part, how)
    isSenseless = isNonsense(part, now, shapeOf(args), depth)
    return now
  })
  return { meddled: { reply: replaced }, isSenseless }
}

function replacedAt(
  reply: unknown,
  [step, ...further]: readonly number[],
  depth: number,
  change: (part: unknown, depth: number) => unknown,
): unknown {
  if (step === undefined || !Array.isArray(reply) || reply.length === 0) return change(reply, depth)
  const at = step % reply.length
  return reply.map((part, index) => (index === at ? replacedAt(part, further, depth + 1, change) : part))
}

function distortedPart(part: unknown, how: Distortion): unknown {
  if (how.does === 'put') return madeOf(how.value)
  if (how.does === 'nest') return [part]
  if (how.does === 'mutate') return typeof part === 'string' ? mutated(part, how.text, how.at) : part
  return Array.isArray(part) ? rearranged(part, how.does) : part
}

function madeOf(drawn: unknown): unknown {
  return drawn instanceof Giant ? giants[drawn.giant] : drawn
}

function mutated(part: string, text: string, at: number): string {
  const start = Math.floor((at / 100) * part.length)
  return part.slice(0, start) + text + part.slice(start + text.length)
}

function rearranged(list: readonly unknown[], how: Distortion['does']): readonly unknown[] {
  if (how === 'leave one out') return list.slice(1)
  if (how === 'add one') return [...list, list[0] ?? null]
  if (how === 'double') return [...list, ...list]
  return [...list].reverse()
}

/** What the replies to a command are like. */
interface Shape {
  /** Whether a text in it may be missing. */
  readonly isNullable: boolean
  /** How deep in it the list is that has one element for each key; null for none. */
  readonly listDepth: number | null
  /** Whether a text is numbers between commas, as many as are asked for. */
  readonly isNumbers?: boolean
}

function shapeOf([name = '', script = '']: readonly string[]): Shape {
  if (name === 'MGET') return { isNullable: true, listDepth: 0 }
  if (name === 'EXEC') return { isNullable: true, listDepth: 1 }
  const isOf = ({ source, sha1 }: LuaScript) => script === source || script === sha1
  if (isOf(sumsScript)) return { isNullable: false, listDepth: null, isNumbers: true }
  if (isOf(purgeScript)) return { isNullable: false, listDepth: 0 }
  if ([headsScript, putScript, renameScript].some(isOf)) return { isNullable: true, listDepth: 0 }
  return { isNullable: name === 'GET' || name === 'SET', listDepth: null }
}

function isNonsense(part: unknown, now: unknown, shape: Shape, depth: number): boolean {
  const { isNullable, listDepth } = shape
  const [before, after] = [kindOf(part), kindOf(now)]
  if (shape.isNumbers && before === 'text' && after === 'text') return !isNumbersLike(String(part), String(now))
  // What comes in the place of an error, of a script that is not known yet, may be what comes without it.
  if (before === 'error') return false
  if (before !== after) return !(isNullable && isTextOrNull(before) && isTextOrNull(after))
  return depth === listDepth && Array.isArray(part) && Array.isArray(now) && part.length !== now.length
}

function isNumbersLike(one: string, other: string): boolean {
  const numbers = other.split(',')
  return numbers.length === one.split(',').length && numbers.every((each) => /^\d{0,9}$/.test(each) || isSum(each))
}

function isSum(text: string): boolean {
  return /^\d{10}$/.test(text) && Number(text) < 2 ** 32
}

function isTextOrNull(kind: string): boolean {
  return kind === 'text' || kind === 'null'
}

function kindOf(part: unknown): 'null' | 'number' | 'text' | 'list' | 'error' | 'none' {
  if (part === null) return 'null'
  if (typeof part === 'string') return 'text'
  if (Array.isArray(part)) return 'list'
  if (part instanceof FakeErrorReply) return 'error'
  return Number.isSafeInteger(part) ? 'number' : 'none'
}
