import type { RedisArgument } from './driver.ts'
import type { RedisCall } from './redis-call.ts'
import { firstWord, type RedisFailures } from './redis-failures.ts'
import type { RedisLink } from './redis-link.ts'
import type { KeyspaceMark } from './told-lineage.ts'

export interface RedisCommand {
  readonly args: RedisArgument[]
  /** Of an `EVALSHA`: the source, for a server that does not know the script yet. */
  readonly script?: string
}

/** Commands for some entries of a batch; the answer is the reply to the last one. */
export interface RedisRequest {
  readonly indexes: readonly number[]
  readonly commands: readonly RedisCommand[]
  /** The last command is `EXEC`: the answer is the last of its replies. */
  readonly isTransaction?: boolean
}

export interface Exchange {
  readonly link: RedisLink
  readonly call: RedisCall
  readonly failures: RedisFailures
  /** Whether the requests write. */
  readonly changes: boolean
}

/**
 * Sends requests to one server in one go and gives the reply to each, which may be an error.
 *
 * Where the caller was told a lineage, the replies are vouched for by it: the connection must still lead to the same
 * server, and, read after everything else, the mark in its keyspace must still be there. So the emptiness of a server
 * that was restarted or flushed is never taken for an answer.
 */
export async function exchange(parts: Exchange, requests: readonly RedisRequest[]): Promise<unknown[]> {
  const { link, call, failures } = parts
  if (call.isOver) throw failures.timeout('its time was over before all was sent')
  const mark = expectedMark(parts)
  const commands = requests.flatMap((request) => request.commands.map((command) => command.args))
  if (mark !== null) commands.push(['GET', mark.key])
  const replies = await link.send(commands, call)
  if (mark !== null && replies.pop() !== mark.text) throw lostMark(parts)
  let start = 0
  const answers = requests.map((request) => {
    const { length } = request.commands
    const answer = length === 1 ? replies[start] : answerOf(link, request, replies.slice(start, start + length))
    start += length
    return answer
  })
  return withUnknownScripts(parts, requests, answers)
}

function expectedMark({ link, call, failures }: Exchange): KeyspaceMark | null {
  if (call.told === null) return null
  const expected = call.told.servers.get(link.name)
  if (expected?.identity === link.identity) return expected.mark
  call.told.revoke()
  throw failures.unavailable('the server was restarted or replaced: its lineage changed, ask for it anew')
}

function lostMark({ call, failures, changes }: Exchange): Error {
  call.told?.revoke()
  const reason = 'the server lost its data: its lineage changed, ask for it anew'
  return changes ? failures.timeout(reason) : failures.unavailable(reason)
}

/** Of several commands, the first error that says why, or the last reply. */
function answerOf(link: RedisLink, { isTransaction }: RedisRequest, replies: readonly unknown[]): unknown {
  const last = replies.at(-1)
  const error = replies.find((reply) => link.isError(reply) && firstWord(reply) !== 'EXECABORT')
  if (error !== undefined || isTransaction !== true || !Array.isArray(last)) return error ?? last
  return last.find((reply) => link.isError(reply)) ?? last.at(-1)
}

/** Sends again, with their source, the scripts that the server did not know. It ran nothing of them. */
async function withUnknownScripts(
  parts: Exchange,
  requests: readonly RedisRequest[],
  answers: unknown[],
): Promise<unknown[]> {
  const unknown = requests.flatMap((request, index) => {
    const answer = answers[index]
    return parts.link.isError(answer) && firstWord(answer) === 'NOSCRIPT' && useSource(request) ? [index] : []
  })
  if (unknown.length === 0) return answers
  const again = unknown.map((index) => requests[index]).filter((request) => request !== undefined)
  const late = await exchange(parts, again)
  for (const [place, index] of unknown.entries()) answers[index] = late[place]
  return answers
}

/** @returns whether there was something to change */
function useSource(request: RedisRequest): boolean {
  let isChanged = false
  for (const { args, script } of request.commands) {
    if (script === undefined || args[0] === 'EVAL') continue
    args[0] = 'EVAL'
    args[1] = script
    isChanged = true
  }
  return isChanged
}
