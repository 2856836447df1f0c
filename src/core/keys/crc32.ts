const POLYNOMIAL = 0xedb88320

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1
  }
  return remainder
})

/**
 * CRC-32 (IEEE 802.3) of an ASCII text, as an unsigned number.
 * Ours, because the core imports nothing of a platform and WebCrypto has none.
 */
export function crc32(text: string): number {
  let remainder = 0xffffffff
  for (let index = 0; index < text.length; index++) {
    remainder = (remainder >>> 8) ^ (table[(remainder ^ text.charCodeAt(index)) & 0xff] as number)
  }
  return (remainder ^ 0xffffffff) >>> 0
}
