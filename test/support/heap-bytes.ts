import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** What the heap of this process holds that is still in use. */
export function heapBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
