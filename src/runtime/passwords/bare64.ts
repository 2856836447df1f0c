/** Base64 without padding, as PHC strings have it. */
export function bare64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}

/** The bytes of such a text; undefined for one that is not how these bytes are written, or of a length that is not asked. */
export function parseBare64(
  text: string,
  { min, max }: { readonly min: number; readonly max: number },
): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bare64(bytes) === text && bytes.length >= min && bytes.length <= max ? bytes : undefined
}
