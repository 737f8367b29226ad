import { testCases } from './drawn-cases.ts'

testCases([
  {
    what: 'a write that failed for certain is seen by nobody',
    drawn: `
      c0: |-set x-| |-set y-!
      c1:                     |-get x-|`,
    breaks: [],
  },
  {
    what: 'or else it is a lie',
    drawn: `
      c0: |-set x-| |-set y-!
      c1:                     |-get y-|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'a write of unknown outcome may appear late',
    drawn: `
      c0: |-set x-| |-set y-?
      c1:                     |-get x-| |-get y-| |-get y-|`,
    breaks: [],
  },
  {
    what: 'or never',
    drawn: `
      c0: |-set x-| |-set y->
      c1:                     |-get x-| |-get x-|`,
    breaks: [],
  },
  {
    what: 'also after a write that was acknowledged since, under a version that a fast clock gave',
    drawn: `
      c0: |-set x-?           |-set y-|
      c1:                               |-get x-|`,
    breaks: [],
  },
  {
    what: 'seen or not seen, until it is on enough replicas: quorum reads only',
    drawn: `
      c0: |-set x-| |-set y->
      c1:                     |-get y-| |-get x-| |-get y-|`,
    breaks: ['linearizability', 'monotonic'],
  },
  {
    what: 'not before it was begun',
    drawn: `
      c0: |-set x-|           |-set y->
      c1:           |-get y-|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'a later write hides it for good once it was acknowledged after it was on record',
    drawn: `
      c0: |-set x-|           |-set z-|
      c1:           |-set y->
      c2:                               |-get z-| |-get y-| |-get y-|`,
    breaks: [],
  },
  {
    what: 'two gets that contradict each other about a write of unknown outcome',
    drawn: `
      c0: |-set x-|
      c1: |-set y->
      c2:           |-get y-| |-get x-|`,
    breaks: ['linearizability', 'monotonic'],
  },
  {
    what: 'a delete of unknown outcome explains that nothing is there',
    drawn: `
      c0: |-set x-|            |-set y-|
      c1:           |-delete->
      c2:                                |-get y-| |-get --|`,
    breaks: [],
  },
  {
    what: 'but happens once',
    drawn: `
      c0: |-set x-|                      |-set y-|
      c1:           |-delete-?
      c2:                      |-get --|           |-get --|`,
    breaks: ['linearizability'],
  },
])
