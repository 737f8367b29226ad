/** What a server can answer in RESP 2; an error is an answer too. */
export type Reply = null | number | string | FakeErrorReply | readonly Reply[]

/** Stands for the driver's class of that name. */
export class FakeErrorReply extends Error {}
