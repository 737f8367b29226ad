import { testCases } from './drawn-cases.ts'

testCases([
  {
    what: 'expired is gone',
    drawn: `
      ms: 0         10        20        30
      c0: |-set x til 20-|
      c1:                         |-get --|`,
    breaks: [],
  },
  {
    what: 'gone before it expires',
    drawn: `
      ms: 0         10        20        30        40
      c0: |-set x til 40-|
      c1:                         |-get --|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'unless clocks may be that far apart',
    drawn: `
      ms: 0         10        20        30        40
      c0: |-set x til 40-|
      c1:                         |-get --|`,
    breaks: [],
    tolerances: { expiryToleranceMs: 10 },
  },
  {
    what: 'there after it has expired',
    drawn: `
      ms: 0         10        20        30
      c0: |-set x til 18-|
      c1:                     |-get x-|`,
    breaks: ['linearizability', 'regular', 'resurrection'],
  },
  {
    what: 'unless clocks may be that far apart, and some see it while others do not',
    drawn: `
      ms: 0         10        20        30
      c0: |-set x til 18-|
      c1:                     |-get --| |-get x-|`,
    breaks: [],
    tolerances: { expiryToleranceMs: 13 },
  },
  {
    what: 'there again after it was seen to have expired',
    drawn: `
      ms: 0         10        20        30
      c0: |-set x til 22-|
      c1:                  |-get --| |-get x-|`,
    breaks: ['linearizability', 'regular', 'resurrection'],
  },
  {
    what: 'a get over the moment of the expiry may see either',
    drawn: `
      ms: 0         10        20        30
      c0: |-set x til 24-|
      c1:                     |-get x-|
      c2:                     |-get --|`,
    breaks: [],
  },
  {
    what: 'an older value comes back when the newer one has expired',
    drawn: `
      ms: 0         10        20        30
      c0: |-set w-| |-set x til 26-|
      c1:                            |-get w-|`,
    breaks: ['linearizability', 'regular', 'resurrection'],
  },
  {
    what: 'a set that outlives its get was written over what had expired',
    drawn: `
      ms: 0         10        20        30
      c0: |-set x til 12-| |-set y-|
      c1:                            |-get y-|`,
    breaks: [],
  },
  {
    what: 'found expired at a moment at which it had been replaced already',
    drawn: `
      ms: 0         10        20        30        40
      c0: |-set x til 30-| |-set y-|
      c1:                  |-------get --------|`,
    breaks: ['linearizability'],
  },
  {
    what: 'a clear passes by what it takes for expired, which a slower clock still shows',
    drawn: `
      ms: 0         10        20        30
      c0: |-set x til 27-| |-clear-|
      c1:                            |-get x-|`,
    breaks: [],
    tolerances: { expiryToleranceMs: 5 },
  },
])
