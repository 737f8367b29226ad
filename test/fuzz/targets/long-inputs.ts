import fc from 'fast-check'
import { entryOfStore, readRecord } from '../../../adapters/keyv/stored-text.ts'
import { openReplica } from '../../../adapters/open.ts'
import { readPosition } from '../../../adapters/postgres/changes-position.ts'
import { describeRedisSource } from '../../../adapters/redis/redis-source.ts'
import { masked } from '../../../cli/masked.ts'
import { expandEnvironment } from '../../../src/config/environment.ts'
import { parseOptions, redact } from '../../../src/config.ts'
import { keyText, namespacePrefix, parseKeyText } from '../../../src/core/key.ts'
import { decodeRecord } from '../../../src/core/record.ts'
import { ConfigError } from '../../../src/errors.ts'
import { decodePayload } from '../../../src/payload.ts'
import { documentedErrors, ending } from '../documented-errors.ts'
import type { FuzzTarget } from '../target.ts'

/** So long that whatever takes the square of it would never end. */
const lengthOf = { long: 300_000, ofAUri: 100_000 } as const

const pieces = [
  'a',
  '0',
  ' ',
  ':',
  '@',
  '%25',
  '%40',
  'pass',
  'key=',
  'a ',
  ' 1',
  '1,',
  'a-',
  '..',
  '/',
  '\\',
  '\u0001',
  '\ud800',
]
// biome-ignore lint/suspicious/noTemplateCurlyInString: this is what users write in their files
const morePieces = ['[', '{"a":', '${', '${A}', '#', '?', '&a=', '::', '::a', 'a@', ':a', 'F', '\n', '😀', '-1']
const heads = ['', 'redis://', 'redis+cluster://', 'postgres://', 'sqlite://', 'memory://', 'mysql://', '5:', '@daily']
const tails = ['', '!', '@', ':', '\0', '://', '}']

const drawn = fc.record({
  head: fc.constantFrom(...heads),
  piece: fc.constantFrom(...pieces, ...morePieces),
  tail: fc.constantFrom(...tails),
})

/** Texts of 300,000 characters, each of the kind that makes a bad pattern look at every place from every place. */
export const longInputTarget: FuzzTarget = {
  name: 'long-inputs',
  casesPerRound: 10,
  open: () => ({
    property: fc.asyncProperty(drawn, async ({ head, piece, tail }) => {
      const text = head + piece.repeat(lengthOf.long / piece.length) + tail
      redact(text)
      masked(text)
      parseKeyText(text)
      parseKeyText(keyText(namespacePrefix(text), text))
      decodeRecord(':k', text)
      ending(() => decodePayload(text), documentedErrors)
      readRecord(text, text)
      entryOfStore(text, text)
      readPosition(text)
      expandEnvironment(text, { A: 'a' })
      ending(() => parseOptions({ sweepCron: text }), [ConfigError])
      ending(() => parseOptions({ [text]: 1 }), [ConfigError])
      const uri = text.slice(0, lengthOf.ofAUri) + tail
      ending(() => describeRedisSource(uri), [ConfigError])
      const opened = ending(() => openReplica(uri, 'replicas[0]'), [ConfigError])
      if ('result' in opened) await opened.result.close()
    }),
  }),
}
