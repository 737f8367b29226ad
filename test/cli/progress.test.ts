import { PassThrough } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { progressDisplay } from '../../cli/progress.ts'

test('progress is a bar on a terminal', () => {
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 120,
    cursorTo() {},
    clearLine() {},
    moveCursor() {},
  })
  const display = progressDisplay(stream, 'sweeping')
  display.show(0.5, 'digests: 10 records looked at')
  display[Symbol.dispose]()
  const shown = String(stream.read())
  expect(shown).toContain('sweeping')
  expect(shown).toMatch(/[█=]/)
})

test('elsewhere progress is a line now and then', () => {
  vi.useFakeTimers()
  const stream = new PassThrough()
  const display = progressDisplay(stream, 'sweeping')
  for (let second = 0; second <= 11; second += 1) {
    display.show(second / 20, `${second} s`)
    vi.advanceTimersByTime(1_000)
  }
  display.show(null, 'done')
  display[Symbol.dispose]()
  vi.useRealTimers()
  expect(String(stream.read())).toBe('sweeping 25 %  5 s\nsweeping 50 %  10 s\n')
})
