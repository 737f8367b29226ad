import type { MarkScope } from './lineage-statements.ts'

/** The lineage that a caller was told, and what every answer must bear to be vouched for by it. */
export class ToldLineage {
  readonly text: string
  readonly scope: MarkScope
  #mark: string
  #isRevoked = false

  constructor(text: string, scope: MarkScope, mark: string) {
    this.text = text
    this.scope = scope
    this.#mark = mark
  }

  get mark(): string {
    return this.#mark
  }

  /** It is another one now, or gone. */
  get isRevoked(): boolean {
    return this.#isRevoked
  }

  /** Takes the mark of the same lineage after a server was started again; whether that is what it is. */
  renew({ text, scope, mark }: ToldLineage): boolean {
    if (text !== this.text || scope !== this.scope) return false
    this.#mark = mark
    return true
  }

  revoke(): void {
    this.#isRevoked = true
  }
}
