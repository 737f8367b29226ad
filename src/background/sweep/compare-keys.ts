import { partsOf } from '../../coordinator/parts.ts'
import { isCorrupt } from '../../core/record.ts'
import type { VersionAnswer } from '../../replica.ts'
import { type DecisionRules, decideKey, type MemberAnswer } from './decide-key.ts'
import type { Due, Mender } from './mend.ts'
import type { SweepContext } from './sweep-context.ts'
import { bytesOf } from './tally.ts'

/** Keys to be compared at once. */
export interface KeyPage {
  readonly keys: readonly string[]
  /** The replica that was scanned for them has said already what it holds; the others are asked. */
  readonly scanned?: { readonly member: number; readonly answers: readonly MemberAnswer[] }
  /** Is told what the others answered, before anything is mended. */
  readonly onAnswers?: (member: number, answers: readonly VersionAnswer[]) => void
  /** Tells by the answers whether a key was compared, and counted, before. Default: none was. */
  readonly isRepeated?: (key: string, answers: readonly MemberAnswer[]) => boolean
}

/** Asks every replica for the versions of some keys, decides what is to be done about each, and has it done. */
export async function compareKeys(context: SweepContext, mender: Mender, page: KeyPage): Promise<void> {
  if (page.keys.length === 0) return
  const columns = await answersOf(context, page)
  const rules = rulesNow(context)
  const due: Due[] = []
  for (const [index, key] of page.keys.entries()) {
    const answers = columns.map((column) => (column === undefined ? undefined : (column[index] ?? null)))
    const isRepeated = page.isRepeated?.(key, answers) ?? false
    // What was foreseen once is still as it was, because a preview mends nothing.
    if (isRepeated && context.plan.isPreview) continue
    const decision = decideKey(answers, rules)
    if (!isRepeated) count(context, key, answers, decision)
    if (decision.spread !== null || decision.zombies.length > 0) due.push({ key, answers, decision })
  }
  await mender.mend(due, rules)
}

/** What each replica answered, in the order of the keys; undefined for one that does not take part. */
async function answersOf(
  context: SweepContext,
  { keys, scanned, onAnswers }: KeyPage,
): Promise<(readonly MemberAnswer[] | undefined)[]> {
  const { attendance, parts, pace } = context
  const columns: (readonly MemberAnswer[] | undefined)[] = parts.members.map(() => undefined)
  await attendance.eachAtOnce(async (member) => {
    if (member === scanned?.member) {
      columns[member] = scanned.answers
      return
    }
    const answers = await askVersions(context, member, keys)
    if (answers !== undefined) onAnswers?.(member, answers)
    columns[member] = answers
  })
  await pace.take(keys.length * attendance.present.length)
  return columns.map((column, member) => (attendance.isPresent(member) ? column : undefined))
}

async function askVersions(
  { attendance, parts, tally }: SweepContext,
  member: number,
  keys: readonly string[],
): Promise<readonly VersionAnswer[] | undefined> {
  const answers: VersionAnswer[] = []
  const batchKeysMax = parts.members[member]?.replica.limits.batchKeysMax ?? keys.length
  for (const part of partsOf(keys, batchKeysMax)) {
    const answered = await attendance.ask(member, (replica, options) => replica.getVersions(part, options))
    if (answered === undefined) return undefined
    tally.add(member, 'bytes', bytesOf(part) + bytesOf(answered.filter((answer) => answer !== null)))
    for (const answer of answered) answers.push(answer)
  }
  return answers
}

function rulesNow({ parts, attendance }: SweepContext): DecisionRules {
  return {
    n: parts.n,
    w: parts.w,
    isFull: parts.members.map((_, member) => attendance.isFull(member)),
    zombiesUntilMs: parts.zombiesUntilMs,
    retirement: parts.retirement,
    nowMs: parts.runtime.clock.nowMs(),
  }
}

function count(
  { parts, attendance, tally }: SweepContext,
  key: string,
  answers: readonly MemberAnswer[],
  { differing, leftAt }: ReturnType<typeof decideKey>,
): void {
  for (const [member, answer] of answers.entries()) {
    if (answer === undefined) continue
    tally.add(member, 'compared')
    if (!isCorrupt(answer)) continue
    parts.events.emit({ type: 'corrupt', replica: attendance.idOf(member), key, reason: answer.reason })
  }
  if (differing.length > 0) tally.addDiffering(key, differing, leftAt)
}
