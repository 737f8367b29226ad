import type { TestProxy } from '../../servers/proxy.ts'

/** Something that hurts one replica, for all clients or for some. */
export interface Fault {
  readonly name:
    | 'killed'
    | 'frozen'
    | 'emptied'
    | 'away'
    | 'locked'
    | 'reset connections'
    | 'silent links'
    | 'slow links'
  /** For whom, where it is not for all. */
  readonly detail?: string
  /** Whether acknowledged writes are gone when it has ended. */
  readonly losesData: boolean
  begin(): Promise<void>
  end(): Promise<void>
}

const delaysMs = [20, 100, 400]

/** @param links those that are hurt, by the number of their client; @param chance at least 0, below 1 */
export function linkFault(links: ReadonlyMap<number, TestProxy>, chance: number): Fault {
  const detail = `of client ${[...links.keys()].join(' and ')}`
  const all = [...links.values()]
  const heal = async () => {
    for (const link of all) {
      link.delayMs = 0
      link.heal()
    }
  }
  const shared = { losesData: false, end: heal }
  const hurt = (how: (link: TestProxy) => void) => async () => all.forEach(how)
  if (chance < 1 / 3) return { ...shared, name: 'reset connections', detail, begin: hurt((link) => link.cut()) }
  if (chance < 2 / 3) return { ...shared, name: 'silent links', detail, begin: hurt((link) => link.silence()) }
  const delayMs = delaysMs[Math.floor((chance * 3 - 2) * delaysMs.length)] ?? 0
  const begin = hurt((link) => {
    link.delayMs = delayMs
  })
  return { ...shared, name: 'slow links', detail: `${detail}, by ${delayMs} ms each way`, begin }
}
