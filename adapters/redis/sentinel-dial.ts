import { askOnce, type Dial, type DialSettings, dialServer } from './dial.ts'
import { errorText } from './redis-failures.ts'
import { addressText, mappedAddress, optionsAt, type RedisAddress, type RedisSentinelTarget } from './redis-target.ts'
import { singleName } from './single-routes.ts'

/** Asks the sentinels who the master is, and connects to that; so every new connection follows a failover. */
export function sentinelDial(target: RedisSentinelTarget, settings: DialSettings): Dial {
  return async (signal) => {
    const master = await askSentinels(target, settings, signal)
    const server = {
      name: singleName,
      // As the sentinels call it, so that all clients agree on who it is.
      address: addressText(master),
      options: optionsAt(target.options, mappedAddress(master, target.addressMap)),
      mustBeMaster: true,
    }
    return dialServer(server, settings, signal)
  }
}

/** All at once, because one that is frozen must not hold up the others; the first that knows decides. */
async function askSentinels(
  target: RedisSentinelTarget,
  settings: DialSettings,
  signal: AbortSignal,
): Promise<RedisAddress> {
  const isAnswered = new AbortController()
  const either = AbortSignal.any([signal, isAnswered.signal])
  const questions = target.sentinels.map((sentinel) => askSentinel(target, sentinel, settings, either))
  try {
    return await Promise.any(questions)
  } catch (error) {
    signal.throwIfAborted()
    const names = target.sentinels.map(addressText).join(', ')
    const reason = `no sentinel of ${names} knows the master ${target.masterName}: ${errorText(error)}`
    throw settings.failures.unavailable(reason, error)
  } finally {
    isAnswered.abort()
  }
}

async function askSentinel(
  target: RedisSentinelTarget,
  sentinel: RedisAddress,
  settings: DialSettings,
  signal: AbortSignal,
): Promise<RedisAddress> {
  const command = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', target.masterName]
  const answer = await askOnce(optionsAt(target.sentinelOptions, sentinel), command, settings, signal)
  if (!Array.isArray(answer)) throw settings.failures.unavailable(`${addressText(sentinel)} does not know it`)
  return { host: String(answer[0]), port: Number(answer[1]) }
}
