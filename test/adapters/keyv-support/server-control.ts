import type { ServerControl } from '../../conformance/subject.ts'
import type { TestServer } from '../../servers/test-server.ts'

/** The controls that the conformance suite asks for, over a server that loses its data when it is killed. */
export function serverControl(server: TestServer): ServerControl {
  let state: 'running' | 'frozen' | 'down' = 'running'
  return {
    keepsData: false,
    async freeze() {
      server.freeze()
      state = 'frozen'
    },
    async thaw() {
      if (state !== 'frozen') return
      server.thaw()
      state = 'running'
    },
    async kill() {
      await server.kill()
      state = 'down'
    },
    async start() {
      if (state !== 'down') return
      await server.start()
      state = 'running'
    },
  }
}
