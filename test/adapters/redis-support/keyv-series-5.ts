import { createRequire } from 'node:module'

const require = createRequire(new URL('../../keyv5/package.json', import.meta.url))

/** Of `@keyv/redis` 5, which stands in a workspace of its own beside series 6. */
export const KeyvRedis5: new (connect: object | string) => { readonly client: object } = require('@keyv/redis').default
