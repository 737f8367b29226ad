import type { KeyvStoreLike } from '../../../adapters/keyv/keyv-source.ts'

/** A store over a map, with what is given in place of its own methods. */
export function storeWith(methods: Partial<KeyvStoreLike>): KeyvStoreLike & { readonly map: Map<string, string> } {
  const map = new Map<string, string>()
  return {
    map,
    get: (name) => map.get(name),
    set: (name, text) => map.set(name, text),
    delete: (name) => map.delete(name),
    entries: () => map.entries(),
    ...methods,
  }
}
