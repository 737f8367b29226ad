import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { waitUntil } from './wait-until.ts'

interface ProcessEntry {
  readonly pid: number
  readonly parentPid: number
  readonly state: string
}

/**
 * Sends SIGSTOP to a process and all its descendants. PostgreSQL puts every backend into a session of its own, so a
 * signal to the process group would miss them. The parent is stopped first, so that nothing is forked meanwhile.
 */
export function stopTree(pid: number): readonly number[] {
  const deadlineMs = Date.now() + 5_000
  for (;;) {
    const tree = processTree(pid)
    const running = tree.filter((entry) => !/^[TtZX]/.test(entry.state))
    if (running.length === 0) return tree.map((entry) => entry.pid)
    if (Date.now() > deadlineMs) throw new Error(`process ${pid} and its children did not stop`)
    for (const entry of running) signal(entry.pid, 'SIGSTOP')
  }
}

export function continueTree(pid: number): void {
  for (const entry of processTree(pid).reverse()) signal(entry.pid, 'SIGCONT')
}

/** SIGKILL to a process and all its descendants; resolves when none of them is left. */
export async function killTree(pid: number): Promise<void> {
  const pids = stopTree(pid)
  for (const each of pids) signal(each, 'SIGKILL')
  await waitUntil(() => !pids.some(isAlive), { what: `the end of process ${pid} and its children` })
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

/** A zombie that nobody has collected yet is as good as gone. */
function isAlive(pid: number): boolean {
  return listProcesses().some((entry) => entry.pid === pid && !/^[ZX]/.test(entry.state))
}

/** The process and its descendants, parents before children. */
function processTree(rootPid: number): ProcessEntry[] {
  const all = listProcesses()
  const tree = all.filter((entry) => entry.pid === rootPid)
  for (const parent of tree) tree.push(...all.filter((entry) => entry.parentPid === parent.pid))
  return tree
}

function listProcesses(): ProcessEntry[] {
  return existsSync('/proc/self/stat') ? listFromProc() : listFromPs()
}

function listFromProc(): ProcessEntry[] {
  const entries: ProcessEntry[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(name)
    // The command name, in brackets, may hold spaces and brackets itself.
    const [state, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (state && parentPid) entries.push({ pid: Number(name), parentPid: Number(parentPid), state })
  }
  return entries
}

function readStat(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  }
}

function listFromPs(): ProcessEntry[] {
  const output = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' })
  return output
    .trim()
    .split('\n')
    .map((line) => {
      const [pid = '', parentPid = '', state = ''] = line.trim().split(/\s+/)
      return { pid: Number(pid), parentPid: Number(parentPid), state }
    })
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'ENOENT')
}
