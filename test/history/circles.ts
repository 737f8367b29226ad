/** By node, where an edge leads from it. */
export type Edges = readonly (readonly number[])[]

/** The nodes that lie on a circle together: the strongly connected components of more than one node. */
export function circlesOf(edges: Edges): number[][] {
  return new CircleSearch(edges).circles()
}

/** Tarjan's algorithm, with a stack of its own in place of recursion, because chains of operations are long. */
class CircleSearch {
  readonly #edges: Edges
  /** By node, when it was entered; undefined before. */
  readonly #order: number[] = []
  /** By node, the earliest node that can be reached from it and is not done. */
  readonly #lowest: number[] = []
  readonly #open: number[] = []
  readonly #isDone: boolean[] = []
  readonly #circles: number[][] = []
  readonly #path: { readonly node: number; next: number }[] = []
  #entered = 0

  constructor(edges: Edges) {
    this.#edges = edges
  }

  circles(): number[][] {
    for (const node of this.#edges.keys()) {
      if (this.#order[node] === undefined) this.#search(node)
    }
    return this.#circles
  }

  #search(root: number): void {
    this.#enter(root)
    for (let step = this.#path.at(-1); step !== undefined; step = this.#path.at(-1)) {
      const to = this.#edges[step.node]?.[step.next]
      step.next += 1
      if (to === undefined) this.#leave(step.node)
      else if (this.#order[to] === undefined) this.#enter(to)
      else if (this.#isDone[to] !== true) this.#reach(step.node, this.#order[to])
    }
  }

  #enter(node: number): void {
    this.#order[node] = this.#entered
    this.#lowest[node] = this.#entered
    this.#entered += 1
    this.#open.push(node)
    this.#path.push({ node, next: 0 })
  }

  #reach(node: number, order: number): void {
    this.#lowest[node] = Math.min(this.#lowest[node] ?? order, order)
  }

  #leave(node: number): void {
    this.#path.pop()
    const lowest = this.#lowest[node] ?? 0
    if (lowest === this.#order[node]) {
      const members = this.#open.splice(this.#open.lastIndexOf(node))
      for (const member of members) this.#isDone[member] = true
      if (members.length > 1) this.#circles.push(members)
    }
    const parent = this.#path.at(-1)
    if (parent !== undefined) this.#reach(parent.node, lowest)
  }
}

/** The shortest way along the edges, both ends included; null when there is none. */
export function pathBetween(edges: Edges, from: number, to: number): number[] | null {
  const cameFrom = new Map<number, number>([[from, from]])
  const queue = [from]
  for (const node of queue) {
    if (node === to) break
    for (const next of edges[node] ?? []) {
      if (cameFrom.has(next)) continue
      cameFrom.set(next, node)
      queue.push(next)
    }
  }
  if (!cameFrom.has(to)) return null
  const path = [to]
  for (let node = to; node !== from; path.unshift(node)) node = cameFrom.get(node) ?? from
  return path
}
