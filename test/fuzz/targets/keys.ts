import fc from 'fast-check'
import { keyText, namespacePrefix, parseKeyText } from '../../../src/core/key.ts'
import { isLedgerKey } from '../../../src/core/ledger.ts'
import { hostileText } from '../hostile-text.ts'
import { mutatedText } from '../mutated-text.ts'
import type { FuzzTarget } from '../target.ts'

const names = fc.tuple(fc.option(hostileText, { nil: undefined }), hostileText)

function textOf(namespace: string | undefined, key: string): string {
  const text = keyText(namespacePrefix(namespace), key)
  if (!text.isWellFormed() || text.includes('\0')) throw new Error('a text that not every backend can hold')
  if (isLedgerKey(text)) throw new Error("a key of a user's is taken for one of the store's own")
  const parsed = parseKeyText(text)
  if (parsed.key !== key || (parsed.namespace ?? '') !== (namespace ?? '')) throw new Error('another key came back')
  return text
}

/** Namespaces and keys of any characters: each pair has a text of its own, which gives it back. */
export const keyTarget: FuzzTarget = {
  name: 'keys',
  casesPerRound: 3_000,
  open: () => ({
    property: fc.property(names, names, ([namespace, key], [otherNamespace, otherKey]) => {
      const [one, other] = [textOf(namespace, key), textOf(otherNamespace, otherKey)]
      const isSame = (namespace ?? '') === (otherNamespace ?? '') && key === otherKey
      if ((one === other) !== isSame) throw new Error('two keys share a text')
      const isInside = one.startsWith(namespacePrefix(otherNamespace))
      if (isInside !== ((namespace ?? '') === (otherNamespace ?? ''))) throw new Error('a key of another namespace')
    }),
  }),
}

/** Texts that no key makes, as another program may put them into a backend. */
export const keyTextTarget: FuzzTarget = {
  name: 'key-texts',
  casesPerRound: 2_000,
  open: () => ({
    property: fc.property(
      mutatedText(names.map(([namespace, key]) => keyText(namespacePrefix(namespace), key))),
      (text) => {
        const { namespace, key } = parseKeyText(text)
        const again = parseKeyText(keyText(namespacePrefix(namespace), key))
        if (again.key !== key || again.namespace !== namespace) throw new Error('what was read cannot be written')
      },
    ),
  }),
}
