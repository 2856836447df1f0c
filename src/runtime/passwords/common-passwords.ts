import type { CommonPasswords } from '../../core/accounts/passwords.ts'

let list: CommonPasswords | undefined

/** Half a megabyte of the passwords that leaked most often, read only when somebody chooses one. */
export async function commonPasswords(): Promise<CommonPasswords> {
  if (list !== undefined) return list
  // This file alone: the package's entry would bring its dictionaries and keyboards too.
  const file = await import('@zxcvbn-ts/language-common/src/passwords.json', { with: { type: 'json' } })
  list = new Set(file.default)
  return list
}
