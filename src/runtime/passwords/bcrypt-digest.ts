import bcrypt from 'bcryptjs'

/** The last 31 characters of a bcrypt hash, which are its digest, as bytes of text. */
export function bcryptDigest(password: string, setting: string): Uint8Array {
  return Buffer.from(bcrypt.hashSync(password, setting).slice(-31), 'latin1')
}
