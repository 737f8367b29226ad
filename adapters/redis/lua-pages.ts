import { bucketDigits } from '../../src/core/digest.ts'
import { foreverMs, layout } from '../../src/core/record.ts'
import { timeText } from '../../src/core/version.ts'
import { type LuaScript, scriptOf } from './lua-scripts.ts'

// Lua counts from 1, and both ends of a part belong to it.
const { orderOffset, orderLength, expiryOffset, retentionOffset, timeLength, stampLength, hashOffset } = layout
const { digitsLength, headLength } = layout
const kindPlace = orderOffset + orderLength
const kindAndExpiry = `${kindPlace}, ${expiryOffset + timeLength}`
const expiry = `${expiryOffset + 1}, ${expiryOffset + timeLength}`
const retention = `${retentionOffset + 1}, ${retentionOffset + timeLength}`
const versionTime = `${orderOffset + 1}, ${orderOffset + timeLength}`
const hash = `${hashOffset + 1}, ${hashOffset + digitsLength}`

const digits = (length: number) => '%d'.repeat(length)
/** Gives where the stamp ends, and the parts that `BITFIELD` wants: `#` with the bucket, and the checksum. */
const headPattern =
  `^${layout.formatMark}[0-9a-f]+()` +
  `(#[1-5]${digits(bucketDigits - 1)})${digits(digitsLength - bucketDigits)}([1-5]${digits(digitsLength - 1)})`

/**
 * One page of `SCAN` and what can be told of its heads. ARGV: 1 cursor, 2 pattern, 3 count, 4 how to read: `whole` is
 * quicker where texts are small, and needs all keys in one slot, 5 and 6 the two times of `core/retirement.ts` as 12 hex
 * digits, empty for a time before all others.
 *
 * A key of another type has no head, like one that another program gave another text. Any other error is the answer.
 */
const page = `
local sub, byte, match, call = string.sub, string.byte, string.match, redis.call
local found = call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[3])
local cursor, keys = found[1], found[2]
local retainedUntil, diedUntil = ARGV[5], ARGV[6]
local heads, length, failure = {}, 0, nil

local function valueOf(reply)
  if type(reply) ~= 'table' then return reply end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then failure = reply end
  return false
end

if ARGV[4] == 'whole' and #keys > 0 then
  heads = call('MGET', unpack(keys))
  for index = 1, #keys do length = length + #(heads[index] or '') end
  length = length / #keys
else
  local looked = 0
  for index = 1, #keys do
    heads[index] = valueOf(redis.pcall('GETRANGE', keys[index], 0, ${headLength - 1}))
    if index % 64 == 1 then
      length = length + (valueOf(redis.pcall('STRLEN', keys[index])) or 0)
      looked = looked + 1
    end
  end
  length = length / math.max(looked, 1)
end
if failure then return failure end

local function isRetired(head)
  local diedAt
  if byte(head, ${kindPlace}) == 49 then
    diedAt = sub(head, ${versionTime})
  else
    diedAt = sub(head, ${expiry})
    if diedAt == '${timeText(foreverMs)}' then return false end
  end
  return sub(head, ${retention}) <= retainedUntil or diedAt <= diedUntil
end

local function hasKind(head)
  local kind = byte(head, ${kindPlace})
  return kind == 48 or kind == 49
end
`

/**
 * Adds the checksums of a page to the sums under KEYS[1]: 32 bits for each bucket, at the place that its digits name. The
 * 32 bits at the start, which are no bucket's, count the pages, so that lost sums are found out. ARGV continues: 7 for how
 * long the sums may wait for the next page, in ms, 8 and 9 the first digits of hashes in the range and the first after it,
 * or nothing for all.
 *
 * The sums are nobody's but this server's: they go neither to those that follow it nor into its append-only file. Most
 * records live for ever; two slices of a head tell that, and nothing else of it is looked at.
 *
 * Answers the next cursor, the number of keys, the mean length of their texts, the number of pages so far, and how many were retired.
 */
export const digestScript: LuaScript = scriptOf(`${page}
redis.set_repl(redis.REPL_NONE)
local args, count, retired = {'INCRBY', 'u32', '#0', '1'}, 4, 0
local from, to = ARGV[8], ARGV[9]
for index = 1, #keys do
  local head = heads[index] or ''
  local place, bucket, sum = match(head, '${headPattern}')
  if place == ${stampLength + 1} and (not from or sub(head, ${hash}) >= from and sub(head, ${hash}) < to) then
    local livesForever = sub(head, ${kindAndExpiry}) == '0${timeText(foreverMs)}'
    if livesForever or hasKind(head) and not isRetired(head) then
      args[count + 1], args[count + 2], args[count + 3], args[count + 4] = 'INCRBY', 'u32', bucket, sum
      count = count + 4
    elseif hasKind(head) then
      retired = retired + 1
    end
  end
end
local pages = call('BITFIELD', KEYS[1], unpack(args))[1]
call('PEXPIRE', KEYS[1], ARGV[7])
return {cursor, #keys, length, pages, retired}`)

/**
 * The sums of some buckets: ARGV: 1 the place of the first one, 2 how many, 3 the number of pages that were added up.
 * Answers them in one text, with nothing for 0; false where the sums are not those of all pages.
 */
export const sumsScript: LuaScript = scriptOf(`
local pages = redis.call('GETRANGE', KEYS[1], 0, 3)
if #pages < 4 or struct.unpack('>I4', pages) ~= tonumber(ARGV[3]) then return false end
local first, count = tonumber(ARGV[1]) * 4, tonumber(ARGV[2])
local text = redis.call('GETRANGE', KEYS[1], first, first + count * 4 - 1)
local sums = {}
for index = 1, count do
  local sum = index * 4 <= #text and struct.unpack('>I4', text, index * 4 - 3) or 0
  sums[index] = sum == 0 and '' or sum
end
return table.concat(sums, ',')`)

/**
 * Those of a page that are wanted. ARGV continues: 7 the buckets that are, counted from the first one, or nothing for all,
 * 8 the number that the digits of the first one make, 9 `retired` for retired records alone, 10 how 7 is written: `list`
 * for two bytes each, else one bit each, the lowest first. What cannot be read comes too, unless it should be retired.
 *
 * Answers the next cursor, the number of keys, the mean length of their texts, and then each key with its head.
 */
export const chosenScript: LuaScript = scriptOf(`${page}
local buckets, firstBucket = ARGV[7], tonumber(ARGV[8])
local answer, count = {cursor, #keys, length}, 3
local listed = ARGV[10] == 'list' and {}
if listed then
  for index = 1, #buckets, 2 do listed[byte(buckets, index) * 256 + byte(buckets, index + 1)] = true end
end

local function isInBuckets(head)
  if buckets == '' then return true end
  local place = tonumber(sub(head, ${hashOffset + 1}, ${hashOffset + bucketDigits})) - firstBucket
  if listed then return listed[place] end
  local bits = place >= 0 and byte(buckets, math.floor(place / 8) + 1) or 0
  return math.floor(bits / 2 ^ (place % 8)) % 2 == 1
end

for index = 1, #keys do
  local head = heads[index] or ''
  local isWanted = ARGV[9] ~= 'retired'
  if match(head, '${headPattern}') == ${stampLength + 1} and hasKind(head) then
    isWanted = isInBuckets(head) and (isWanted or isRetired(head))
  end
  if isWanted then
    answer[count + 1], answer[count + 2] = keys[index], sub(head, 1, ${headLength})
    count = count + 2
  end
end
return answer`)
