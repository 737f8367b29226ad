import { SingleBar } from 'cli-progress'
import type { OutputStream } from './terminal.ts'

/** Shows how far a long command is, on stderr, until it is disposed of. */
export interface ProgressDisplay extends Disposable {
  /** @param fraction from 0 to 1; null where the end is not known */
  show(fraction: number | null, text: string): void
}

/** A bar on a terminal; elsewhere a line now and then, so that a log stays short. */
export function progressDisplay(stream: OutputStream, label: string): ProgressDisplay {
  return stream.isTTY === true ? barOn(stream, label) : linesOn(stream, label)
}

const barTotal = 1_000

function barOn(stream: OutputStream, label: string): ProgressDisplay {
  let bar: SingleBar | null = null
  const start = (hasEnd: boolean) => {
    const format = hasEnd ? `${label} {bar} {percentage} %  {text}` : `${label}  {text}`
    const started = new SingleBar({ format, stream, hideCursor: true, clearOnComplete: true, gracefulExit: false })
    started.start(barTotal, 0, { text: '' })
    return started
  }
  return {
    show(fraction, text) {
      bar ??= start(fraction !== null)
      bar.update(Math.round((fraction ?? 0) * barTotal), { text })
    },
    [Symbol.dispose]() {
      bar?.stop()
    },
  }
}

const lineEveryMs = 5_000

function linesOn(stream: OutputStream, label: string): ProgressDisplay {
  let shownAtMs = Date.now()
  return {
    show(fraction, text) {
      if (Date.now() - shownAtMs < lineEveryMs) return
      shownAtMs = Date.now()
      const percentage = fraction === null ? '' : ` ${Math.floor(fraction * 100)} %`
      stream.write(`${label}${percentage}  ${text}\n`)
    },
    [Symbol.dispose]() {},
  }
}
