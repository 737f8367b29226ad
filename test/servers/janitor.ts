import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * A shell that outlives this process, however it ends, and then kills the servers and removes the folder it was told
 * of. It reads its orders from a pipe; the end of the pipe is the end of this process.
 */
export class Janitor {
  readonly #orders: NodeJS.WritableStream

  constructor(folder: string) {
    const child = spawn('sh', ['-c', script, 'janitor', folder], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // A session of its own, so that Ctrl+C in a terminal ends the tests and not the janitor.
      detached: true,
    })
    child.unref()
    if (child.stdin instanceof Socket) child.stdin.unref()
    this.#orders = child.stdin
  }

  watch(pid: number): void {
    this.#orders.write(`watch ${pid}\n`)
  }

  forget(pid: number): void {
    this.#orders.write(`forget ${pid}\n`)
  }
}

// A frozen PostgreSQL backend does not notice the end of its parent, so children are killed by name.
const script = `
pids=
while read -r order pid; do
  kept=
  for each in $pids; do [ "$each" = "$pid" ] || kept="$kept $each"; done
  pids=$kept
  [ "$order" = watch ] && pids="$pids $pid"
done
list_processes() {
  if [ -r /proc/self/stat ]; then cat /proc/[0-9]*/stat 2>/dev/null | sed 's/(.*) . /x /' | cut -d ' ' -f 1,3
  else ps -A -o pid=,ppid=; fi
}
for pid in $pids; do
  kill -STOP "$pid"
  children=$(list_processes | while read -r child parent; do [ "$parent" = "$pid" ] && echo "$child"; done)
  kill -KILL $children "$pid"
done
[ -n "$pids" ] && sleep 0.2
rm -rf -- "$1"
`
