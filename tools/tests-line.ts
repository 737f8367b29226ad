// Prints `tests: N passed, N failed, N skipped` for the JSON reports of test runs, whose files are the arguments.
import { readFileSync } from 'node:fs'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

let passed = 0
let failed = 0
let skipped = 0
for (const file of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  passed += report.numPassedTests
  failed += report.numFailedTests + filesThatFailedAsAWhole(report)
  skipped += report.numPendingTests + report.numTodoTests
}
console.log(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped`)

/** A test file that could not even be loaded has no tests to count, and is a failure all the same. */
function filesThatFailedAsAWhole(report: Report): number {
  return report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length
}
