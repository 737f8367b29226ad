import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** Another process, such as a backup or a forgotten shell, that keeps every writer out of a SQLite file until released. */
export interface SqliteLock {
  /** Kills that process amid its transaction. */
  release(): Promise<void>
}

/** Resolves when the lock is held. */
export async function lockSqliteFile(path: string): Promise<SqliteLock> {
  const holder = spawn(process.execPath, [join(import.meta.dirname, 'sqlite-lock-process.ts'), path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'exit')
  const said = await Promise.race([once(holder.stdout, 'data'), ended])
  if (String(said[0]) !== 'locked\n') throw new Error(`could not lock ${path}: ${said}`)
  return {
    release: async () => {
      holder.kill('SIGKILL')
      await ended
    },
  }
}
