import { testCases } from './drawn-cases.ts'

testCases([
  {
    what: 'one after the other',
    drawn: `
      c0: |-set x-|           |-set y-|
      c1:           |-get x-|           |-get y-|`,
    breaks: [],
  },
  {
    what: 'nothing is there at first',
    drawn: `
      c0:           |-set x-|
      c1: |-get --|           |-get x-|`,
    breaks: [],
  },
  {
    what: 'an acknowledged write is missed',
    drawn: `
      c0: |-set x-| |-set y-|
      c1:                     |-get x-|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'an acknowledged key is missed',
    drawn: `
      c0: |-set x-|
      c1:           |-get --|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'a get may see a set that is under way, or not',
    drawn: `
      c0: |-set x-| |--------set y--------|
      c1:             |-get x-| |-get y-|`,
    breaks: [],
  },
  {
    what: 'seen, and then not seen: a step back',
    drawn: `
      c0: |-set x-| |--------set y--------|
      c1:             |-get y-| |-get x-|`,
    breaks: ['linearizability', 'monotonic'],
  },
  {
    what: 'a step back that two clients take together',
    drawn: `
      c0: |-set x-| |--------set y--------|
      c1:             |-get y-|
      c2:                       |-get x-|`,
    breaks: ['linearizability', 'monotonic'],
  },
  {
    what: 'gets that overlap may see different states',
    drawn: `
      c0: |-set x-| |--------set y--------|
      c1:              |-get y-|
      c2:             |---get x----|`,
    breaks: [],
  },
  {
    what: 'two sets at once may end in either order',
    drawn: `
      c0: |-set x-|
      c1:  |--set y--|
      c2:              |-get x-| |-get x-|`,
    breaks: [],
  },
  {
    what: 'but not in both',
    drawn: `
      c0: |-set x-|
      c1:  |--set y--|
      c2:              |-get x-| |-get y-|`,
    breaks: ['linearizability', 'regular', 'monotonic'],
  },
  {
    what: 'nor in both for gets that overlap',
    drawn: `
      c0: |-set x-|
      c1:  |--set y--|
      c2:              |-get x-|
      c3:               |-get y-|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'a value before it was written',
    drawn: `
      c0:           |-set x-|
      c1: |-get x-|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'a value that nobody wrote',
    drawn: `
      c0: |-set x-|
      c1:           |-get y-|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'a has that finds something',
    drawn: `
      c0:            |-set x-|         |-delete-|
      c1: |-get --|            |-has-|             |-get --|`,
    breaks: [],
  },
  {
    what: 'a has that finds something before anything was written',
    drawn: `
      c0:         |-set x-|
      c1: |-has-|           |-get x-|`,
    breaks: ['linearizability', 'regular'],
  },
  {
    what: 'seen in the middle of a set, then something else, then that again: two tries of one set under two versions',
    drawn: `
      c0: |----------------set x----------------|
      c1: |----------------set y----------------|
      c2:     |-get x-| |-get y-| |-get x-|`,
    breaks: ['linearizability'],
  },
  {
    what: 'the same once the first set was acknowledged: who has seen past it does not see it again',
    drawn: `
      c0: |-set x-|
      c1: |----------------set y------------|
      c2:           |-get y-| |-get x-|`,
    breaks: ['linearizability', 'monotonic'],
  },
])
