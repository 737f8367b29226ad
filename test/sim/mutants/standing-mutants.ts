import type { Mutant } from './mutant.ts'
import { all, has, isAbout } from './suits.ts'

const standing = 'src/core/standing.ts'
const sweeper = 'src/background/sweeper.ts'

export const standingMutants: readonly Mutant[] = [
  {
    name: 'a replica that lost its data counts at once',
    found: 'quickly',
    breaks: 'D2',
    caughtBy: ['regular', 'lost-write'],
    suits: all(has('lose'), isAbout('islands')),
    edits: [{ file: standing, search: 'if (recorded.lineage !== lineage) {', replace: "if (lineage === '') {" }],
  },
  {
    name: 'a replica that was away for long counts at once',
    found: 'slowly',
    breaks: 'D2',
    caughtBy: ['resurrection'],
    suits: isAbout('absence'),
    edits: [{ file: standing, search: 'if (ageMs >= zombieAgeMs(gcGraceMs) &&', replace: 'if (ageMs < 0 &&' }],
  },
  {
    name: 'the lineage is not asked for after a failure',
    found: 'slowly',
    breaks: 'D2',
    caughtBy: ['regular', 'lost-write'],
    suits: has('lose'),
    edits: [
      {
        file: 'src/wrap/voice.ts',
        search: 'distrust(): void {\n    this.#isChecked = false\n    this.#onDoubt()',
        replace: 'distrust(): void {',
      },
    ],
  },
  {
    name: 'a replica is full after an exchange with one other',
    found: 'slowly',
    breaks: 'D4',
    caughtBy: ['regular', 'lost-write'],
    suits: all(has('lose'), isAbout('islands')),
    edits: [
      {
        file: sweeper,
        search: 'if (full.length >= searchQuorum(n, w)) return',
        replace: 'if (full.length >= 1) return',
      },
    ],
  },
  {
    name: 'a replica is full while writes that counted on it go on',
    found: 'quickly',
    breaks: 'D4',
    caughtBy: ['regular', 'lost-write'],
    suits: all(has('lose'), isAbout('islands')),
    edits: [
      {
        file: sweeper,
        search:
          'return joining === null || runtime.clock.monotonicMs() - joining.sinceMonotonicMs >= options.deadlineMs',
        replace: 'return joining === null || runtime.clock.monotonicMs() >= 0 * options.deadlineMs',
      },
    ],
  },
]
