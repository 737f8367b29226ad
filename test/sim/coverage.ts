/** How often each thing happened: faults, events, outcomes, standings. Shows that the mix is not empty. */
export class Coverage {
  readonly counts = new Map<string, number>()

  add(what: string, count = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + count)
  }

  addAll(counts: Iterable<readonly [string, number]>): void {
    for (const [what, count] of counts) this.add(what, count)
  }

  toString(): string {
    const names = [...this.counts.keys()].sort()
    const width = Math.max(0, ...names.map((name) => name.length))
    return names.map((name) => `${name.padEnd(width)}  ${this.counts.get(name)}`).join('\n')
  }
}
