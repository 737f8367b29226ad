import { replicaConformance } from '../../conformance/replica-conformance.ts'
import type { ConformanceSubject, TestApi } from '../../conformance/subject.ts'

/**
 * Runs the conformance suite on a subject without a test runner.
 * @param only the one group of cases to run, such as `purge`; default: all
 * @returns the names of the cases that failed, in the form `purge: leaves an older or a newer record alone`
 */
export async function failingCases(subject: ConformanceSubject, only?: string): Promise<string[]> {
  const cases: { name: string; body: () => Promise<void> }[] = []
  let group = ''
  const recorder: TestApi = {
    describe(name, body) {
      group = name
      body()
    },
    it(name, body) {
      if (only === undefined || group === only) cases.push({ name: `${group}: ${name}`, body })
    },
  }
  replicaConformance(recorder, subject)

  const failing: string[] = []
  for (const { name, body } of cases) {
    await body().catch(() => failing.push(name))
  }
  return failing
}
