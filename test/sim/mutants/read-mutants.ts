import type { Mutant } from './mutant.ts'
import { all, has, inMode, isAbout } from './suits.ts'

const read = 'src/core/read.ts'
const readBatch = 'src/coordinator/read-batch.ts'

export const readMutants: readonly Mutant[] = [
  {
    name: 'an error is taken for absence',
    found: 'quickly',
    breaks: 'G8',
    caughtBy: ['regular'],
    edits: [
      {
        file: read,
        search: 'addFailure(replica: number, nowMs: number): ReadStep<Head> {\n    this.#failed += 1',
        replace: 'addFailure(replica: number, nowMs: number): ReadStep<Head> {\n    this.#answered += 1',
      },
    ],
  },
  {
    name: 'a corrupt record is taken for absence',
    found: 'slowly',
    breaks: 'G8',
    caughtBy: ['regular'],
    suits: has('damage'),
    edits: [{ file: read, search: 'if (isCorrupt(answer)) this.#failed += 1\n    else this', replace: 'this' }],
  },
  {
    name: 'a read is answered by r - 1 replicas',
    found: 'quickly',
    breaks: 'G1',
    caughtBy: ['regular'],
    edits: [
      {
        file: read,
        search: 'voteOf(this.#plan.n, this.#plan.r, this.#answered',
        replace: 'voteOf(this.#plan.n, this.#plan.r - 1, this.#answered',
      },
    ],
  },
  {
    name: 'the first record that is found is answered',
    found: 'quickly',
    breaks: 'G1',
    caughtBy: ['regular'],
    edits: [
      {
        file: read,
        search: 'if (this.#newest !== null && compareHeads(answer, this.#newest) <= 0) return',
        replace: 'if (this.#newest !== null) return',
      },
    ],
  },
  {
    name: 'what is past its expiry is answered',
    found: 'quickly',
    breaks: 'G7',
    caughtBy: ['resurrection'],
    edits: [
      {
        file: 'src/coordinator/operations.ts',
        search: 'if (record === null || isDead(record, beganAtMs)) return null',
        replace: "if (record === null || record.kind === 'tombstone') return null",
      },
    ],
  },
  {
    name: 'a monotonic read is not put back',
    found: 'slowly',
    breaks: 'G3',
    caughtBy: ['monotonic'],
    suits: all(inMode('monotonic'), isAbout('islands')),
    edits: [
      {
        file: readBatch,
        search: 'holdersNeeded: this.#plan.writesBack ? this.#plan.w : 0',
        replace: 'holdersNeeded: 0',
      },
    ],
  },
  {
    name: 'a joining replica counts toward r',
    found: 'quickly',
    breaks: 'D2',
    caughtBy: ['regular'],
    suits: all(has('lose'), isAbout('islands')),
    edits: [
      {
        file: read,
        search: 'this.#answers[replica] = answer\n    this.#failed += 1',
        replace: 'this.#answers[replica] = answer\n    this.#answered += 1',
      },
    ],
  },
  {
    name: 'what a joining replica holds is evidence at any age',
    found: 'slowly',
    breaks: 'D3',
    caughtBy: ['resurrection'],
    suits: isAbout('absence'),
    edits: [
      {
        file: readBatch,
        search: 'return isCorrupt(answer) || versionTimeMs(answer.version) < believedFromMs',
        replace: 'return isCorrupt(answer)',
      },
    ],
  },
]
