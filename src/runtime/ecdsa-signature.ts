/** Bytes of each of the two numbers on P-256. */
const NUMBER_BYTES = 32

/**
 * A P-256 signature in DER (RFC 3279 §2.2.3) as the 64 bytes that a JWS holds (RFC 7518 §3.4): the two numbers, each
 * in 32 bytes. DER drops zeros before a number, and adds one before a number that would look negative.
 */
export function joseFromDer(der: Uint8Array): Buffer {
  const raw = Buffer.alloc(2 * NUMBER_BYTES)
  // 30 length 02 length r 02 length s; on P-256 every length is one byte.
  const rBytes = der[3] ?? 0
  const sBytes = der[5 + rBytes] ?? 0
  placeNumber(raw, der.subarray(4, 4 + rBytes), NUMBER_BYTES)
  placeNumber(raw, der.subarray(6 + rBytes, 6 + rBytes + sBytes), 2 * NUMBER_BYTES)
  return raw
}

/** Writes a number so that it ends before `end`. */
function placeNumber(raw: Buffer, number: Uint8Array, end: number): void {
  const digits = number.length > NUMBER_BYTES ? number.subarray(number.length - NUMBER_BYTES) : number
  raw.set(digits, end - digits.length)
}
