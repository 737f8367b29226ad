import { thrownText } from '../errors.ts'
import { ImportError } from './import-error.ts'

/** What a store emits as `error` while it is listened to. */
export class EmittedErrors implements Disposable {
  readonly #store: object
  // The first is enough to fail, and a store that emits for ever must not fill the memory.
  #first: { readonly failure: unknown } | null = null
  readonly #listener = (failure: unknown) => {
    this.#first ??= { failure }
  }

  constructor(store: object) {
    this.#store = store
    this.#call('on')
  }

  /** @throws ImportError when something was emitted */
  throwIfAny(): void {
    if (this.#first === null) return
    const { failure } = this.#first
    throw new ImportError(thrownText(failure), failure)
  }

  [Symbol.dispose](): void {
    this.#call('off')
  }

  #call(name: 'on' | 'off'): void {
    const method: unknown = Reflect.get(this.#store, name)
    if (typeof method === 'function') Reflect.apply(method, this.#store, ['error', this.#listener])
  }
}
