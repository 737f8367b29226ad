import { exitCodesHelp } from './exit-codes.ts'

/** What `--help` says after the lists of commands and options. */
export const overview = `
Examples:
  keyv-quorum status --config quorum.yaml
  keyv-quorum verify --replica redis://a --replica postgres://b/app --replica sqlite://c.db
  keyv-quorum get user:1 --namespace sessions --explain --config quorum.yaml
  keyv-quorum import redis://old --namespace sessions --config quorum.yaml

Say which replicas there are as the application does: by its configuration file, or one by one. Passwords are safer in a
file, as \${NAME} from the environment, than on the command line, where every user of the machine can read them.

${exitCodesHelp}
`

export const statusHelp = `
When to use it: something is slow or fails, or a server came back, and you want to know who counts.

  CONDITION      up, down or probing, as the failure detector sees it; no answer when it failed just now
  STANDING       full: its word counts. joining: it takes writes, and counts when it got back what it missed.
                 checking: it has not told yet whether it still has its data
  LAG            keys that wait to be handed over to it; whether it needs a sweep
  LAST EXCHANGE  when it last compared all it holds with enough others

Exit code: 0 when all replicas answer and are full, else 1; 3 when none answers.
`

export const sweepHelp = `
When to use it: after a long outage, before you take a replica away, or from a scheduler in place of the sweeps that
applications run by themselves.

Examples:
  keyv-quorum sweep --config quorum.yaml --preview         what would be done, nothing written
  keyv-quorum sweep --config quorum.yaml --incremental     only what was written since the last sweep
  keyv-quorum sweep --config quorum.yaml --partition 3/16  the third of 16 parts: let 16 workers share the work

Exit code: 0 when every replica took part to the end, else 1; a preview that found differences also ends with 1.
`

export const getHelp = `
When to use it: two readers saw different values, or you want to see how one key lies on the replicas.

Examples:
  keyv-quorum get user:1 --namespace sessions --config quorum.yaml
  keyv-quorum get user:1 --namespace sessions --explain --config quorum.yaml
  keyv-quorum get user:1 --namespace keyv --keyv 5 --config quorum.yaml   an application on keyv 5

A read mends what it sees: replicas that held something older get the newest. --explain tells how it was before.
A key that does not exist is no failure: the exit code is 0.
`

export const verifyHelp = `
When to use it: before an upgrade, after an incident, in a nightly check. It reads everything and writes nothing.

Examples:
  keyv-quorum verify --config quorum.yaml
  keyv-quorum verify --config quorum.yaml --partition 1/16 --json

It compares what was written when, and not byte by byte: a value that was damaged on disk is found, and mended, by reads.
While applications write, a key may differ for a moment. Verify again: what is left then stays until it is read or swept.

Exit code: 0 when all replicas hold the same, 1 when they differ, 3 when one could not be compared.
`

export const importHelp = `
When to use it: your application has data in a plain Keyv store and moves to a quorum store.

Examples:
  keyv-quorum import redis://old:6379 --namespace sessions --config quorum.yaml
  keyv-quorum import postgres://old/app --namespace sessions --table keyv --config quorum.yaml
  keyv-quorum import sqlite://old.db --namespace keyv --config quorum.yaml     keyv 5 with its default namespace
  keyv-quorum import redis://old --namespace app --keyv 6 --config quorum.yaml written by keyv 5, read by keyv 6 from now on

Values keep the time they have left. What was written or deleted in the store wins over the import, so it is safe while
the store is in use, and to stop and to repeat: repeat it until the old store is no longer written. Nothing is written to
SOURCE. Entries that are compressed, encrypted or serialized in a way of their own need a program: see docs/import.md.
`
