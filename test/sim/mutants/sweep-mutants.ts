import type { Mutant } from './mutant.ts'
import { all, has, isAbout } from './suits.ts'

const decideKey = 'src/background/sweep/decide-key.ts'
const sweeper = 'src/background/sweeper.ts'

export const sweepMutants: readonly Mutant[] = [
  {
    name: 'a purge takes every dead record',
    found: 'quickly',
    breaks: 'D6',
    caughtBy: ['resurrection'],
    suits: all(has('delete'), has('sweep', 2)),
    edits: [
      { file: sweeper, search: 'isPurgeDue ? purge.diedUntilMs : -1', replace: 'beganAtMs' },
      { file: sweeper, search: 'purges: isPurgeDue', replace: 'purges: true' },
    ],
  },
  {
    name: 'zombies are spread',
    found: 'quickly',
    breaks: 'D5',
    caughtBy: ['resurrection'],
    suits: isAbout('absence'),
    edits: [
      { file: decideKey, search: "return holders + unknown >= w ? 'left' : 'zombie'", replace: "return 'spread'" },
    ],
  },
  {
    name: 'a zombie is dropped although others could make it w',
    found: 'never',
    why:
      'Every full replica has exchanged since a record could become a zombie, so one that knows nothing of it says that it ' +
      'was deleted, or never acknowledged, whatever the others hold.',
    breaks: 'D5',
    caughtBy: ['regular', 'lost-write'],
    suits: isAbout('absence'),
    edits: [
      { file: decideKey, search: "return holders + unknown >= w ? 'left' : 'zombie'", replace: "return 'zombie'" },
    ],
  },
  {
    name: 'what w replicas hold is dropped as a zombie',
    found: 'never',
    why: 'For the same reason: no full replica lacks what is on w others and as old as that.',
    breaks: 'D5',
    caughtBy: ['regular', 'lost-write'],
    suits: isAbout('absence'),
    edits: [
      { file: decideKey, search: 'holders >= w ||', replace: 'holders > w ||' },
      { file: decideKey, search: "return holders + unknown >= w ? 'left' : 'zombie'", replace: "return 'zombie'" },
    ],
  },
  {
    name: 'a sweep skips a bucket that differs',
    found: 'quickly',
    breaks: 'G6',
    caughtBy: ['convergence'],
    edits: [
      {
        file: 'src/core/digest.ts',
        search: 'if (others.some((digest) => digest[bucket] !== first[bucket])) differing',
        replace: 'if (bucket % 2 === 0 && others.some((digest) => digest[bucket] !== first[bucket])) differing',
      },
    ],
  },
  {
    name: 'a sweep does not spread tombstones',
    found: 'quickly',
    breaks: 'G6',
    caughtBy: ['resurrection', 'convergence'],
    suits: has('delete'),
    edits: [
      {
        file: decideKey,
        search: 'return isStale(held, winner, nowMs) &&',
        replace: "return winner.kind !== 'tombstone' && isStale(held, winner, nowMs) &&",
      },
    ],
  },
]
