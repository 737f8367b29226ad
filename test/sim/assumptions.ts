/**
 * What the simulator takes for granted, because the guarantees do. Within these bounds faults come in any number and order;
 * what would leave them is left out of a run, or marks it as one in which more was lost than the store can do without.
 */

/** Two wall clocks differ by this share of gc grace at most; a clock may jump either way within that, at any time. */
export const skewShare = 0.05

/**
 * A request, an answer, a server that stands still with requests in its buffers, or a process that stands still with a
 * decision in its memory, is late by this share of gc grace at most. What is lost may be lost for as long as it likes.
 */
export const lateShare = 0.04

export const assumptions: readonly string[] = [
  `Wall clocks of processes differ by ${skewShare} of gc grace at most, and by no more than maxClockSkewMs says. They may jump, forwards and backwards, within that.`,
  `Messages, frozen servers and stalled processes are late by ${lateShare} of gc grace at most. Messages may be lost, doubled and overtake each other, and links be cut, without any bound.`,
  'A server that crashes keeps what it acknowledged, or comes back with another lineage: empty, or with what it held at an earlier time.',
  'Unless a run says otherwise, at most w - 1 replicas at once have lost data and are not filled again; where any of them holds a damaged record, at most n - r.',
  'A server that drops records by itself when they have had their time does so by a clock that is right, and later by a deadline than clocks of processes are off: an older write that is under way still finds them.',
  'A connection ends with the server process that it leads to: what was sent to it is never carried out by the next one.',
  'Replicas come and go one at a time, in every process at once, when all others hold everything, and a sweep over everything went before the next.',
  'At a replica that reads, compares and writes, requests arrive in order. More than convergence is promised there only while there is one process, and the same throughout.',
  'Damage is found by the checksum. A replica does not leave out records, and does not answer with wrong ones that are well made.',
  'Writer ids are never drawn twice.',
]
