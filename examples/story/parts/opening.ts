import { isPrivate } from '../scene.ts'
import type { Stage } from '../stage.ts'

/** Who is on the stage, and the store as a user would make it. */
export async function tellOpening({ narrator, players, ownsReplicas, namespace }: Stage): Promise<void> {
  const first = players.slice(0, 3)
  narrator.title('keyv-quorum: the story of a value that lives in several places')
  await narrator.say(
    'keyv-quorum keeps every value on several replicas and goes on working while some of them are down. Everything ' +
      'below happens now: real replicas, real calls, the store that your application would use. What is told is also ' +
      'checked.',
  )
  await narrator.show(first.map(({ name, place }) => `${name}   ${place}`))
  await narrator.show(codeLines(isPrivate(first), ownsReplicas, namespace).map((line) => narrator.paint('code', line)))
  await narrator.say(
    'There are n = 3 replicas. A write goes to all of them and succeeds when w = 2 have acknowledged it. A read asks ' +
      'all of them and is answered when r = 2 have. There is no leader, so there is none to lose.',
  )
}

function codeLines(singleProcess: boolean, ownsReplicas: boolean, namespace: string): string[] {
  return [
    'const store = new KeyvQuorum([replica1, replica2, replica3], {',
    '  w: 2, r: 2,',
    '  hintsMax: 0, // no hinted handoff yet: a read is to find something',
    ...(singleProcess ? ['  singleProcess: true, // because memory is private to a process'] : []),
    ...(ownsReplicas ? [] : ["  lineage: 'assumed', // so that no sweep touches other data in your replicas"]),
    '})',
    `const carts = new Keyv(store, { namespace: '${namespace}' })`,
  ]
}
