/**
 * keyv-quorum/replica: what an adapter is written with. The port and its answers, records with their order and their text
 * form, the hash that scans go by, and the errors that a replica rejects with. See docs/adapters.md.
 */

export {
  addDigest,
  addSum,
  addToDigest,
  bucketBase,
  bucketDigits,
  bucketOf,
  bucketsCount,
  type Digest,
  digitsOf,
  emptyDigest,
  rangeOfBuckets,
} from './core/digest.ts'
export { type HashRange, hashSpace, inRange, keyHash, wholeRange } from './core/hash.ts'
export {
  type CorruptRecord,
  checksum,
  decodeHead,
  decodeRecord,
  decodeStamp,
  encodeHead,
  encodeRecord,
  foreverMs,
  identityLength,
  isCorrupt,
  isDead,
  layout,
  newTombstone,
  newValue,
  type RecordHead,
  type RecordKind,
  type RecordStamp,
  type ScanEntry,
  scanEntry,
  storedHeadOf,
  unreadableHead,
  type VersionedRecord,
  verified,
} from './core/record.ts'
export { compareHeads, comparePayloads, compareRecords, compareStamps } from './core/resolve.ts'
export { isRetired, type Retirement } from './core/retirement.ts'
export { isVersion, timeMaxMs, type Version, versionLength } from './core/version.ts'
export { isNotApplied, ReplicaError, type ReplicaErrorCode, type ReplicaErrorFields } from './errors.ts'
export type * from './replica.ts'
