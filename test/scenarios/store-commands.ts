import type { QuorumOptions } from '../../src/config.ts'
import { type Command, command, part } from './command.ts'
import type { Stage } from './stage.ts'
import { stateWords } from './wording.ts'

const textOptions = new Set(['reads', 'consistency', 'lineage'])
const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 }
const limits = { batchKeysMax: 1_000, callsInFlightMax: 64 }

export const storeCommands: readonly Command[] = [
  /** `open n=3 w=2`: n replicas and a store called a over them. `open b ahead=-500`: another one. */
  command(/^open( [bcd])?((?: [a-zA-Z]+=\S+)*)$/, (stage, parts) => {
    open(stage, part(parts, 0).trim() || 'a', settingsIn(part(parts, 1)))
  }),
  command(/^clock of ([a-d]) is (-?\d+) ms ahead$/, (stage, parts) => {
    stage.setClock(part(parts, 0), Number(part(parts, 1)))
  }),
  command(/^listeners of ([a-d]) throw$/, (stage, parts) => {
    stage.store(part(parts, 0)).engine.events.on('event', (event) => {
      throw new Error(`no taste for ${event.type}`)
    })
  }),
  command(/^listeners of ([a-d]) reject$/, (stage, parts) => {
    stage.store(part(parts, 0)).engine.events.on('event', async (event) => {
      throw new Error(`no taste for ${event.type}`)
    })
  }),
  command(/^after (\d+) (ms|s|min|h)$/, (stage, parts) =>
    stage.time.advance(Number(part(parts, 0)) * (unitsMs[part(parts, 1)] ?? 1)),
  ),
  /** `tell little`: from then on no calls, their failures, or steps on the way. */
  command(/^tell (little|all)$/, (stage, parts) => {
    stage.isTerse = part(parts, 0) === 'little'
  }),
  command(/^standing(?: of ([a-d]))?$/, (stage, parts) => {
    for (const state of stage.store(part(parts, 0) || 'a').engine.replicas) stage.note(stateWords(state))
  }),
]

type Settings = ReadonlyMap<string, string>

function settingsIn(text: string): Settings {
  const pairs = text.split(' ').filter((pair) => pair !== '')
  return new Map(pairs.map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']))
}

function open(stage: Stage, name: string, settings: Settings): void {
  // Schedules have no end, and a transcript has one: sweeps are scheduled only where a transcript says so.
  const options: Record<string, string | number | boolean> =
    settings.get('lineage') === 'checked' ? { sweepEveryMs: 0 } : {}
  for (const [setting, value] of settings) {
    if (setting in limits || setting === 'n' || setting === 'ahead') continue
    options[setting] = textOptions.has(setting) ? value : value === 'true' || Number(value)
  }
  const number = (setting: string, otherwise: number) => Number(settings.get(setting) ?? otherwise)
  if (stage.replicas.length === 0) {
    stage.openReplicas(number('n', 3), {
      batchKeysMax: number('batchKeysMax', limits.batchKeysMax),
      callsInFlightMax: number('callsInFlightMax', limits.callsInFlightMax),
    })
  }
  stage.openStore(name, number('ahead', 0), options as QuorumOptions)
}
