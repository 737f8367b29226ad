import { setTimeout as sleep } from 'node:timers/promises'

/** Issues the call with this number and resolves when it is answered. */
export type Operation = (index: number) => Promise<unknown>

export interface Sample {
  readonly operationsPerSecond: number
  readonly p50Microseconds: number
  readonly p99Microseconds: number
  /** Client CPU over the run, of this process. */
  readonly cpuMicrosecondsPerOperation: number
}

/** Keeps `concurrency` callers at it for about `durationMs`, and measures each call. They pause for so long after each. */
export async function runLoad(
  operation: Operation,
  concurrency: number,
  durationMs: number,
  pauseMs = 0,
): Promise<Sample> {
  const latencies: number[] = []
  const cpuBefore = process.cpuUsage()
  const begin = performance.now()
  const end = begin + durationMs
  let next = 0
  const worker = async () => {
    let now = performance.now()
    while (now < end) {
      await operation(next++)
      const after = performance.now()
      latencies.push(after - now)
      if (pauseMs > 0) await sleep(pauseMs)
      now = pauseMs > 0 ? performance.now() : after
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  const elapsedMs = performance.now() - begin
  const cpu = process.cpuUsage(cpuBefore)
  latencies.sort((a, b) => a - b)
  return {
    operationsPerSecond: (latencies.length / elapsedMs) * 1_000,
    p50Microseconds: quantile(latencies, 0.5) * 1_000,
    p99Microseconds: quantile(latencies, 0.99) * 1_000,
    cpuMicrosecondsPerOperation: (cpu.user + cpu.system) / latencies.length,
  }
}

/** @param sorted in ascending order */
export function quantile(sorted: readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN
}

export function spread(values: readonly number[]): { median: number; min: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}
