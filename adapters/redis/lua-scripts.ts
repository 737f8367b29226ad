import { createHash } from 'node:crypto'
import { foreverMs, identityLength, layout } from '../../src/core/record.ts'
import { timeText } from '../../src/core/version.ts'
import type { RedisArgument } from './driver.ts'
import type { RedisCommand } from './exchange.ts'

export interface LuaScript {
  readonly source: string
  readonly sha1: string
}

/** @param values what the script sees as `ARGV` */
export function scriptCommand(
  { source, sha1 }: LuaScript,
  keys: readonly string[],
  values: readonly RedisArgument[],
): RedisCommand {
  const args: RedisArgument[] = ['EVALSHA', sha1, String(keys.length)]
  for (const key of keys) args.push(key)
  for (const value of values) args.push(value)
  return { args, script: source }
}

/** The script by its source, which a server always knows: where a script that is not run must not leave anything behind. */
export function sourceCommand(script: LuaScript, keys: readonly string[], values: readonly RedisArgument[]) {
  const { args } = scriptCommand(script, keys, values)
  args[0] = 'EVAL'
  args[1] = script.source
  return { args }
}

// Lua counts from 1, and both ends of a part belong to it.
const { orderOffset, orderLength, expiryOffset, retentionOffset, timeLength, stampLength } = layout
const { checksumOffset, headLength } = layout
const order = `1, ${orderOffset + orderLength}`
const recordOrder = `${orderOffset + 1}, ${orderOffset + orderLength}`
const version = `${orderOffset + 1}, ${orderOffset + orderLength - 1}`
const kind = `${orderOffset + orderLength}, ${orderOffset + orderLength}`
const expiry = `${expiryOffset + 1}, ${expiryOffset + timeLength}`
const retention = `${retentionOffset + 1}, ${retentionOffset + timeLength}`
const checksum = `${checksumOffset + 1}, ${headLength}`
const head = `1, ${headLength}`
const stamp = `1, ${stampLength}`
/** What comes after the stamp in every head. */
const digits = `^#${`[1-5]${'[0-9]'.repeat(layout.digitsLength - 1)}`.repeat(2)}`

/** What entries of the log of changes hold: the first character says which, and keys follow theirs. */
export const logEntry = {
  keys: 'k',
  gap: 'g',
  start: 's',
  /** The most bytes of keys in one entry, unless it is a single key. */
  lengthMax: 1_024,
  /** The longest key that has an entry to itself; of longer ones the log does not bear many. */
  keyLengthMax: 4_096,
} as const

/**
 * How a new text meets the one that is held. ARGV: 1 the margin of native expiry in ms, 2 the caller's clock in ms,
 * 3 for each key a `1` if its record mends a corrupt one, else a `0`, and the identity of what it mends, or spaces; or
 * nothing at all, 4 the most entries of the log of changes, or 0 for no log, 5 a text that sets the entries of this call
 * apart. With a log, its key is the last of KEYS.
 *
 * An entry of the log has the keys where something was stored, joined by NUL, one entry for each kilobyte of them. Its field is the
 * text of the call, so that no entry is ever taken for one of a log that was lost. A key of more than four kilobytes is left
 * out: an entry says then that there was one.
 *
 * Strings are compared with `<` only where both are hex digits of one width, because Lua asks the locale. The format
 * mark and the order text come first in a head, so that a record is newer when its first 30 characters are larger.
 * A held text that is no record may compare either way: it is looked at before it could win.
 *
 * `weigh` answers whether to store, and what the caller learns: false where nothing is held, or the stamp that is held,
 * which is none where the head cannot be read. Where that stamp alone does not tell what happened, because both are the
 * same version, a sign is added: `+` stored, `=` held already, `-` superseded.
 */
const meeting = `
local sub, find, byte = string.sub, string.find, string.byte
local marginMs, nowMs, mending = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local forever = '${timeText(foreverMs)}'

local function hasDigits(text)
  return find(text, '${digits}', ${stampLength + 1})
end

local function isHead(text)
  local kind = sub(text, ${kind})
  return hasDigits(text) and not find(sub(text, ${stamp}), '[^0-9a-f]')
    and sub(text, 1, 1) == '${layout.formatMark}' and (kind == '0' or kind == '1')
end

local function hasLargerBytes(a, b)
  local shared = math.min(#a, #b)
  for first = 1, shared, 4096 do
    local last = math.min(first + 4095, shared)
    if sub(a, first, last) ~= sub(b, first, last) then
      for place = first, last do
        local x, y = byte(a, place), byte(b, place)
        if x ~= y then return x > y end
      end
    end
  end
  return #a > #b
end

local function weighPayloads(head, new, mends, key, newKey)
  local heldPayload = sub(redis.call('GET', key), ${headLength + 1})
  local newPayload = sub(newKey and redis.call('GET', newKey) or new, ${headLength + 1})
  local stamp = sub(head, ${stamp})
  if heldPayload ~= newPayload then
    if mends or hasLargerBytes(newPayload, heldPayload) then return true, stamp .. '+' end
    return false, stamp .. '-'
  end
  local isSame = sub(head, ${expiry}) == sub(new, ${expiry}) and sub(head, ${checksum}) == sub(new, ${checksum})
  if mends and not isSame then return true, stamp .. '+' end
  return false, stamp .. '='
end

local function weigh(index, held, new, key, newKey)
  if not held then return true, false end
  local heldOrder, newOrder = sub(held, ${order}), sub(new, ${order})
  if newOrder > heldOrder then return true, hasDigits(held) and sub(held, ${stamp}) or '' end
  local head = sub(held, ${head})
  if not isHead(head) then return true, '' end
  local mark = (index - 1) * ${identityLength + 1} + 1
  local mends = byte(mending, mark) == 49
  if newOrder == heldOrder then return weighPayloads(head, new, mends, key, newKey) end
  local stamp = sub(head, ${stamp})
  if not mends then return false, stamp end
  local identity = sub(head, ${recordOrder}) .. sub(head, ${checksum})
  local isNamed = sub(mending, mark + 1, mark + ${identityLength}) == identity
  if isNamed or sub(new, ${version}) == sub(head, ${version}) then return true, stamp .. '+' end
  return false, stamp
end

local function longestRetention(held, new)
  local mine = sub(new, ${retention})
  if mine == forever then return mine end
  local theirs = held and sub(held, ${retention}) or ''
  if theirs > mine and isHead(sub(held, ${head})) then return theirs end
  return mine
end

local function expiresAt(retention)
  return string.format('%.0f', math.max(tonumber(retention, 16), nowMs) + marginMs)
end

local function expire(key, retention)
  if retention == forever then redis.call('PERSIST', key) else redis.call('PEXPIREAT', key, expiresAt(retention)) end
end

local function prolong(key, held, new, answer)
  if byte(answer, ${stampLength + 1}) ~= 61 or sub(new, ${retention}) <= sub(held, ${retention}) then return end
  redis.call('SETRANGE', key, ${retentionOffset}, sub(new, ${retention}))
  expire(key, sub(new, ${retention}))
end

local logMax, callText = tonumber(ARGV[4]), ARGV[5]
local keysCount, stored, storedCount = #KEYS, {}, 0
if logMax > 0 then keysCount = keysCount - 1 end

local function addToLog(text)
  redis.call('XADD', KEYS[#KEYS], 'MAXLEN', '~', logMax, '*', callText, text)
end

local function logNames(first, last)
  if first <= last then addToLog('${logEntry.keys}' .. table.concat(stored, '\0', first, last)) end
end

local function logStored()
  if logMax == 0 then return end
  local first, length = 1, 0
  for index = 1, storedCount do
    local own = #stored[index]
    if length + own > ${logEntry.lengthMax} then
      logNames(first, index - 1)
      first, length = index, 0
    end
    if own > ${logEntry.keyLengthMax} then
      addToLog('${logEntry.gap}')
      first = index + 1
    else
      length = length + own + 1
    end
  end
  logNames(first, storedCount)
end

local function isString(reply)
  return type(reply) == 'string' and reply ~= ''
end
`

/**
 * Puts whole texts. ARGV continues: 6 `whole` or `head`, what to read of the texts held; 7… a text for each key.
 * Reading all in one command is quicker where texts are small. A key of another type reads as nothing and is replaced.
 */
export const putScript: LuaScript = scriptOf(`${meeting}
local held
if ARGV[6] == 'whole' then held = redis.call('MGET', unpack(KEYS)) end
local answers, lasting, lastingLength = {}, {}, 0
for index = 1, keysCount do
  local key, new = KEYS[index], ARGV[index + 6]
  local old = false
  if held then old = held[index] else
    local start = redis.pcall('GETRANGE', key, 0, ${headLength - 1})
    if isString(start) then old = start end
  end
  local isStored, answer = weigh(index, old, new, key)
  answers[index] = answer
  if isStored then
    storedCount = storedCount + 1
    stored[storedCount] = key
    local retention = longestRetention(old, new)
    if retention ~= sub(new, ${retention}) then
      new = sub(new, 1, ${retentionOffset}) .. retention .. sub(new, ${retentionOffset + timeLength + 1})
    end
    if retention == forever then
      lasting[lastingLength + 1], lasting[lastingLength + 2] = key, new
      lastingLength = lastingLength + 2
    else
      redis.call('SET', key, new, 'PXAT', expiresAt(retention))
    end
  else
    prolong(key, old, new, answer)
  end
end
logStored()
if lastingLength > 0 then redis.call('MSET', unpack(lasting)) end
return answers`)

/**
 * Puts texts that a command before it, in the same transaction, stored under keys of their own: for large ones, which
 * are dear to hand to Lua. KEYS: each key followed by the key of its new text. ARGV continues: 6… the head of each.
 * Whatever happens, nothing is left under the keys of the new texts.
 */
export const renameScript: LuaScript = scriptOf(`${meeting}
local answers = {}
local function putAll()
  for index = 1, keysCount / 2 do
    local key, newKey, new = KEYS[2 * index - 1], KEYS[2 * index], ARGV[index + 5]
    local old = redis.pcall('GETRANGE', key, 0, ${headLength - 1})
    if not isString(old) then old = false end
    local isStored, answer = weigh(index, old, new, key, newKey)
    answers[index] = answer
    if isStored then
      storedCount = storedCount + 1
      stored[storedCount] = key
      local retention = longestRetention(old, new)
      if retention ~= sub(new, ${retention}) then redis.call('SETRANGE', newKey, ${retentionOffset}, retention) end
      redis.call('RENAME', newKey, key)
      if retention ~= forever then expire(key, retention) end
    else
      redis.call('UNLINK', newKey)
      prolong(key, old, new, answer)
    end
  end
  logStored()
end
local isDone, failure = pcall(putAll)
if isDone then return answers end
for index = 2, keysCount, 2 do redis.call('UNLINK', KEYS[index]) end
return type(failure) == 'table' and failure or redis.error_reply(failure)`)

/** The last entry of the log of changes; an empty one gets its first, whose field is the text in ARGV. */
export const startLogScript: LuaScript = scriptOf(`
local log = KEYS[1]
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
if #last > 0 then return last end
redis.call('XADD', log, '*', ARGV[1], '${logEntry.start}')
return redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)`)

/** The heads held; false where there is nothing, and text that is no head where something is that cannot be read. */
export const headsScript: LuaScript = scriptOf(`
local heads = {}
for index, key in ipairs(KEYS) do
  local head = redis.pcall('GETRANGE', key, 0, ${headLength - 1})
  if type(head) == 'table' then head = '' elseif head == '' and redis.call('EXISTS', key) == 0 then head = false end
  heads[index] = head
end
return heads`)

/** Removes each key that holds exactly the version in ARGV, given with the format mark before it; 1 where it did. */
export const purgeScript: LuaScript = scriptOf(`
local removed = {}
for index, key in ipairs(KEYS) do
  removed[index] = 0
  if redis.pcall('GETRANGE', key, 0, ${expiryOffset - 2}) == ARGV[index] then
    removed[index] = redis.call('UNLINK', key)
  end
end
return removed`)

export function scriptOf(text: string): LuaScript {
  const source = text.trim()
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}
