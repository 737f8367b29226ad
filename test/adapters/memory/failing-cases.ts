import { replicaConformance } from '../../conformance/replica-conformance.ts'
import type { ConformanceSubject, TestApi } from '../../conformance/subject.ts'

/**
 * Runs the conformance suite on a subject without a test runner.
 * @returns the names of the cases that failed, in the form `purge: leaves an older or a newer record alone`
 */
export async function failingCases(subject: ConformanceSubject): Promise<string[]> {
  const cases: { name: string; body: () => Promise<void> }[] = []
  let group = ''
  const recorder: TestApi = {
    describe(name, body) {
      group = name
      body()
    },
    it(name, body) {
      cases.push({ name: `${group}: ${name}`, body })
    },
  }
  replicaConformance(recorder, subject)

  const failing: string[] = []
  for (const { name, body } of cases) {
    await body().catch(() => failing.push(name))
  }
  return failing
}
