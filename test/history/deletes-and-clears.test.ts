import { testCases } from './drawn-cases.ts'

testCases([
  {
    what: 'deleted is deleted',
    drawn: `
      c0: |-set x-| |-delete-|
      c1:                      |-get --|`,
    breaks: [],
  },
  {
    what: 'a deleted value comes back',
    drawn: `
      c0: |-set x-| |-delete-|
      c1:                      |-get x-|`,
    breaks: ['linearizability', 'regular', 'resurrection'],
  },
  {
    what: 'a has finds what was deleted',
    drawn: `
      c0: |-set x-| |-delete-|
      c1:                      |-has-|`,
    breaks: ['linearizability', 'regular', 'resurrection'],
  },
  {
    what: 'what is set again is there',
    drawn: `
      c0: |-set x-| |-delete-|           |-set y-|
      c1:                      |-get --|           |-get y-|`,
    breaks: [],
  },
  {
    what: 'the value before the delete comes back instead',
    drawn: `
      c0: |-set x-| |-delete-| |-set y-|
      c1:                                |-get x-|`,
    breaks: ['linearizability', 'regular', 'resurrection'],
  },
  {
    what: 'a set of unknown outcome may come after the delete',
    drawn: `
      c0: |-set x->
      c1:           |-delete-| |-get --| |-get x-|`,
    breaks: [],
  },
  {
    what: 'a set that overlaps with the delete may be deleted or not',
    drawn: `
      c0: |--set x--|
      c1:     |-delete-|
      c2:                |-get x-|`,
    breaks: [],
  },
  {
    what: 'a get that two deletes explain does not hide one that nothing explains',
    drawn: `
      c0: |-set w-| |-set x-| |-get w-|
      c1:                |-----delete----|
      c2:                |-----delete----|
      c3:                                  |-get --|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'cleared is cleared',
    drawn: `
      c0: |-set x-| |-clear-|
      c1:                     |-get --|`,
    breaks: [],
  },
  {
    what: 'a cleared value comes back',
    drawn: `
      c0: |-set x-| |-clear-|
      c1:                     |-get x-|`,
    breaks: ['linearizability', 'regular', 'resurrection'],
  },
  {
    what: 'what a clock ahead wrote just before a clear may survive it',
    drawn: `
      c0: |-set x-| |-clear-|
      c1:                     |-get x-|`,
    breaks: [],
    tolerances: { clearToleranceMs: 5 },
  },
  {
    what: 'but not what was written longer before',
    drawn: `
      c0: |-set x-|       |-clear-|
      c1:                           |-get x-|`,
    breaks: ['linearizability', 'regular', 'resurrection'],
    tolerances: { clearToleranceMs: 5 },
  },
  {
    what: 'a clear strikes as often as it meets something',
    drawn: `
      c0: |-set x-| |------------clear------------|
      c1:                     |-set y-|
      c2:             |-get --| |-get y-| |-get --|`,
    breaks: [],
  },
  {
    what: 'not so a delete',
    drawn: `
      c0: |-set x-| |------------delete-----------|
      c1:                     |-set y-|
      c2:             |-get --| |-get y-| |-get --|`,
    breaks: ['linearizability'],
  },
  {
    what: 'a clear whose client crashed strikes late, but only what it can have found',
    drawn: `
      c0: |-set x-| |-clear-?
      c1:                     |-get x-| |-get --|`,
    breaks: [],
  },
  {
    what: 'not what was begun after it had ended',
    drawn: `
      c0: |-set x-| |-clear-?           |-set y-|
      c1:                     |-get --|           |-get --|`,
    breaks: ['linearizability'],
  },
])
