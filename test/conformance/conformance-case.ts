import type { CallOptions, Replica, ScanOptions } from '../../src/replica.ts'
import type { ConformanceSubject, TestApi } from './subject.ts'

/** Long enough that no healthy backend misses it on a busy machine: no case measures time. */
export const patient: CallOptions = { timeoutMs: 30_000 }
export const patientScan: ScanOptions = { pageTimeoutMs: 30_000, pageKeysMax: 100 }

const caseTimeoutMs = 120_000

/** Opens one more connection to the subject's data; the case closes them all at its end. */
export type Open = () => Promise<Replica>

/** Declares a case that starts on an empty subject and leaves no connection behind. */
export function conformanceCase(
  test: TestApi,
  subject: ConformanceSubject,
  name: string,
  body: (replica: Replica, open: Open) => Promise<void>,
): void {
  test.it(name, () => onEmptySubject(subject, body), caseTimeoutMs)
}

async function onEmptySubject(
  subject: ConformanceSubject,
  body: (replica: Replica, open: Open) => Promise<void>,
): Promise<void> {
  await subject.wipe()
  const opened: Replica[] = []
  const open: Open = async () => {
    const replica = await subject.open()
    opened.push(replica)
    return replica
  }
  try {
    await body(await open(), open)
  } catch (error) {
    await Promise.allSettled(opened.map((replica) => replica.close()))
    throw error
  }
  await Promise.all(opened.map((replica) => replica.close()))
}
