/** Hashes and verifies passwords, which takes the platform: slow on purpose, and bounded in how many at once. */
export interface Passwords {
  /**
   * A fresh hash of a password that has been judged, as a PHC string.
   * @throws PasswordsBusyError where too many wait already
   */
  readonly hash: (password: string) => Promise<string>
  /**
   * Says whether a password is the one of a hash, of ours or of another system's, exactly as received. Without a hash, for
   * a person that is not known, it answers false and takes as long.
   * @throws PasswordsBusyError where too many wait already
   */
  readonly verify: (password: string, hash: string | undefined) => Promise<boolean>
  /** Says whether a hash is of another scheme or strength than today's, to be replaced at the next sign-in. */
  readonly needsRehash: (hash: string) => boolean
  /** What a hash from elsewhere is; it can be imported only where there is no problem. */
  readonly describe: (hash: string) => HashDescription
  /** The list of passwords that everybody tries first; read when it is first asked for. */
  readonly common: () => Promise<CommonPasswords>
}

export type PasswordScheme = 'argon2d' | 'argon2i' | 'argon2id' | 'bcrypt' | 'scrypt'

/** Known, or not to be used for a reason that may be shown: it never quotes the hash. */
export type HashDescription =
  | { readonly scheme: PasswordScheme; readonly problem?: undefined }
  | { readonly problem: string }

/** Common passwords, in lower case. */
export interface CommonPasswords {
  readonly has: (password: string) => boolean
}
