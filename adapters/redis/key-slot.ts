/** The hash slot of a key in Redis Cluster, as its specification has it: CRC-16 (XMODEM) of the key or of its hash tag. */
export const slotCount = 16_384

const crcTable: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc & 0xffff
})

export function keySlot(key: string): number {
  const bytes = Buffer.from(hashTag(key) ?? key)
  let crc = 0
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (crcTable[(crc >> 8) ^ byte] ?? 0)
  return crc % slotCount
}

/** What stands between the first `{` and the next `}`, unless that is nothing; null without one. */
export function hashTag(key: string): string | null {
  const open = key.indexOf('{')
  if (open < 0) return null
  const close = key.indexOf('}', open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : null
}
