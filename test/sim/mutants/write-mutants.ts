import type { Mutant } from './mutant.ts'
import { all, expiresByItself, has, hasSkew, inMode, isAbout } from './suits.ts'

const write = 'src/core/write.ts'
const writeBatch = 'src/coordinator/write-batch.ts'
const newWrite = 'new KeyWrite({ n: this.#plan.n, w: this.#plan.w, supersededAcks: this.#supersededAcks })'

export const writeMutants: readonly Mutant[] = [
  {
    name: 'a write is acknowledged by w - 1 replicas',
    found: 'quickly',
    breaks: 'G1',
    caughtBy: ['regular'],
    suits: isAbout('islands'),
    edits: [{ file: writeBatch, search: newWrite, replace: newWrite.replace('#plan.w', '#plan.w - 1') }],
  },
  {
    name: 'superseded is an acknowledgement at the first attempt',
    found: 'quickly',
    breaks: 'G2',
    caughtBy: ['regular', 'lost-write'],
    suits: all(inMode('quorum', 'monotonic'), hasSkew),
    edits: [{ file: writeBatch, search: newWrite, replace: newWrite.replace('this.#supersededAcks', 'true') }],
  },
  {
    name: 'a write that cannot reach w any more is acknowledged',
    found: 'quickly',
    breaks: 'G8',
    caughtBy: ['regular', 'lost-write'],
    edits: [
      {
        file: write,
        search: "if (vote === 'lost') {\n      this.#settled = true\n      return lost",
        replace: "if (vote === 'lost') {\n      this.#settled = true\n      return met",
      },
    ],
  },
  {
    name: 'a write of unknown outcome is said to be not applied',
    found: 'quickly',
    breaks: 'G8',
    caughtBy: ['regular'],
    edits: [{ file: writeBatch, search: "isUncertain ? 'unknown' : 'not-applied'", replace: "'not-applied'" }],
  },
  {
    name: 'a joining replica counts toward w',
    found: 'never',
    why:
      'As long as at most w - 1 replicas at once have lost data, a write on w of which some are joining is on a full one, and ' +
      'whoever is filled later exchanges with n - w + 1 full ones, so with that one too.',
    breaks: 'D2',
    caughtBy: ['regular', 'lost-write'],
    suits: all(has('lose'), isAbout('islands')),
    edits: [
      {
        file: writeBatch,
        search: 'onUncounted: (_outcomes, whySilent) => this.#onUncounted(replica, sent, whySilent)',
        replace: 'onUncounted: (outcomes) => this.#onOutcomes(replica, sent, outcomes)',
      },
    ],
  },
  {
    name: 'a linearizable write does not read versions first',
    found: 'quickly',
    breaks: 'G4',
    caughtBy: ['linearizability'],
    suits: all(inMode('linearizable'), hasSkew),
    edits: [
      {
        file: 'src/coordinator/operations.ts',
        search: 'plan.linearizable ? () => void sendAfterVersions(context, plan, batch) : () => batch.send()',
        replace: '() => batch.send()',
      },
    ],
  },
  {
    name: 'a write is not put again when an older record outlives it',
    found: 'quickly',
    breaks: 'D1',
    caughtBy: ['resurrection'],
    suits: all(has('delete'), isAbout('islands'), expiresByItself),
    edits: [
      { file: write, search: 'if (retaining + this.#overtaken < this.#plan.w) {', replace: 'if (retaining < 0) {' },
    ],
  },
  {
    name: 'a clear goes through one replica',
    found: 'slowly',
    breaks: 'G7',
    caughtBy: ['resurrection'],
    suits: has('clear', 2),
    edits: [
      {
        file: 'src/coordinator/search.ts',
        search: 'const needed = Math.max(plan.r, searchQuorum(plan.n, plan.w))',
        replace: 'const needed = 1',
      },
    ],
  },
  {
    name: 'hints have no bound',
    found: 'quickly',
    breaks: 'G9',
    caughtBy: ['bounded'],
    suits: ({ settings: { keys, options } }) => options.hintsMax === 2 && keys > 2,
    edits: [
      {
        file: 'src/background/hints.ts',
        search: 'if (known.size > this.#keysMax || missed.length > this.#lengthMax) this',
        replace: 'if (known.size < 0) this',
      },
    ],
  },
]
