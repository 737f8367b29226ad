import { redisCommand } from '../../servers/redis-command.ts'
import { waitUntil } from '../../servers/wait-until.ts'

/** Runs while a script of somebody else holds up a server, which refuses everything else with `BUSY`. */
export async function whileBusy(url: string, body: () => Promise<void>): Promise<void> {
  await redisCommand(url, 'CONFIG', 'SET', 'lua-time-limit', '1')
  const script = redisCommand(url, 'EVAL', 'while true do end', '0').catch(() => undefined)
  const isBusy = () =>
    redisCommand(url, 'DBSIZE').then(
      () => false,
      (error) => String(error).includes('BUSY'),
    )
  try {
    await waitUntil(isBusy, { what: 'a busy server' })
    await body()
  } finally {
    await redisCommand(url, 'SCRIPT', 'KILL')
    await script
  }
}
