/** What the two Keyv series look for in a store before they trust it with more than the basics. */

const methodNames = [
  'get',
  'getMany',
  'has',
  'hasMany',
  'set',
  'setMany',
  'delete',
  'deleteMany',
  'clear',
  'disconnect',
  'iterator',
] as const

type MethodName = (typeof methodNames)[number]

/** keyv 6's `KeyvStorageCapability`, named here so that the types of this package stand without it. */
export interface KeyvStorageCapabilities {
  readonly compatible: boolean
  readonly store: 'keyvStorage'
  readonly expires: true
  readonly methods: Readonly<Record<MethodName, { readonly exists: boolean; readonly methodType: 'async' | 'sync' }>>
}

const asyncMethod = { exists: true, methodType: 'async' } as const

export const keyvCapabilities: KeyvStorageCapabilities = {
  compatible: true,
  store: 'keyvStorage',
  expires: true,
  methods: Object.fromEntries(
    methodNames.map((name) => [name, name === 'iterator' ? { exists: true, methodType: 'sync' } : asyncMethod]),
  ) as KeyvStorageCapabilities['methods'],
}

/** keyv 5 makes an iterator only for stores whose `opts.url` or `opts.dialect` names one of the backends it knows. */
export const keyvOpts: Readonly<Record<string, unknown>> = {
  dialect: 'keyv-quorum',
  url: 'keyv-quorum://redis,postgres,sqlite',
}
