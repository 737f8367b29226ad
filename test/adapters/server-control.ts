import type { ServerControl } from '../conformance/subject.ts'
import type { TestServer } from '../servers/test-server.ts'

/** Control for the conformance suite, which may thaw and start what is neither frozen nor down. */
export function serverControl(server: TestServer, keepsData: boolean): ServerControl {
  let isFrozen = false
  let isDown = false
  return {
    keepsData,
    async freeze() {
      server.freeze()
      isFrozen = true
    },
    async thaw() {
      if (isFrozen) server.thaw()
      isFrozen = false
    },
    async kill() {
      await server.kill()
      isDown = true
      isFrozen = false
    },
    async start() {
      if (isDown) await server.start()
      isDown = false
    },
  }
}
