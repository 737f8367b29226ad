// Run by container-process.ts: `node container-pause.ts pause|unpause <container id>`.
import { getContainerRuntimeClient } from 'testcontainers'

const [step, containerId = ''] = process.argv.slice(2)
const container = (await getContainerRuntimeClient()).container.getById(containerId)
await (step === 'pause' ? container.pause() : container.unpause())
