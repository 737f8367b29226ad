import { describe, expect, test } from 'vitest'
import { ledgerAgeMaxMs, purgeNoticeMs, standingOf, zombieAgeMs } from '../../src/core/standing.ts'
import { cell, type DrawnRow, drawnTable } from '../support/drawn-table.ts'

const gcGraceMs = 1_000

/**
 * Now it is 2000, gc grace is 1000, so the zombie age is 800. `purge of` is the time up to which what died may be purged.
 */
const table = `
| tells | on record | exchanged at | purge of | stands   | what it shows                                         |
|-------|-----------|--------------|----------|----------|-------------------------------------------------------|
| -     | -         | -            | -        | checking | nothing is told yet                                   |
| -     | one       | 1900         | -        | checking | whatever is on record                                 |
| one   | -         | -            | -        | joining  | nothing is known about it, among others that are      |
| one   | one       | 1900         | -        | full     | as it was                                             |
| two   | one       | 1900         | -        | joining  | it may have lost what it acknowledged                 |
| two   | one       | 1900         | 500      | joining  |                                                       |
| one   | (none)    | 1900         | -        | joining  | it was removed, and is back                           |
| one   | one       | 0            | -        | full     | away for long, but nothing was ever purged by age     |
| one   | one       | 1201         | 1999     | full     | one ms younger than the zombie age                    |
| one   | one       | 1200         | 1999     | joining  | as old: a tombstone that it missed may be gone        |
| one   | one       | 1000         | 1001     | joining  | the purge is of what died after its exchange          |
| one   | one       | 1000         | 1000     | joining  | it may have missed what died in the same ms           |
| one   | one       | 1000         | 800      | joining  | or what a slow clock stamped before its exchange      |
| one   | one       | 1000         | 799      | full     | no clock is as slow as that: it saw every tombstone   |
| one   | one       | 2500         | 1000     | full     | the clock went back                                   |
`

describe('how a replica stands', () => {
  test.each(drawnTable(table).map((row) => [titleOf(row), row] as const))('%s', (_title, row) => {
    expect(verdictOn(row).standing).toBe(cell(row, 'stands'))
  })

  test('is told in words', () => {
    const reasons = drawnTable(table).map((row) => verdictOn(row).reason)
    expect(new Set(reasons).size).toBe(6)
    expect(reasons.every((reason) => reason.length > 10)).toBe(true)
    const hour = 3_600_000
    const away = { lineage: 'one', exchangedAtMs: 0, needsSweep: null }
    const purge = { diedUntilMs: 1, announcedAtMs: 1 }
    const facts = { lineage: 'one', recorded: away, purge, nowMs: 90.5 * hour, gcGraceMs: 72 * hour }
    expect(standingOf(facts).reason).toContain('90.5 h')
  })
})

test('a purge is heard of by every process before a replica is too old for it', () => {
  // A process reads the ledger twice within the notice; an exchange that was fresh enough then is not old when it is purged.
  expect(2 * ledgerAgeMaxMs(gcGraceMs)).toBeCloseTo(purgeNoticeMs(gcGraceMs))
  expect(zombieAgeMs(gcGraceMs) + purgeNoticeMs(gcGraceMs)).toBeLessThan(gcGraceMs)
})

function verdictOn(row: DrawnRow) {
  const told = cell(row, 'tells')
  const known = cell(row, 'on record')
  const purgedUntil = cell(row, 'purge of')
  return standingOf({
    lineage: told === '-' ? null : told,
    recorded:
      known === '-'
        ? null
        : {
            lineage: known === '(none)' ? '' : known,
            exchangedAtMs: Number(cell(row, 'exchanged at')),
            needsSweep: null,
          },
    purge: purgedUntil === '-' ? null : { diedUntilMs: Number(purgedUntil), announcedAtMs: 1_500 },
    nowMs: 2_000,
    gcGraceMs,
  })
}

function titleOf(row: DrawnRow): string {
  return Object.entries(row)
    .map(([column, text]) => `${column}: ${text}`)
    .join('  ')
}
