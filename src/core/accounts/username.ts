// Without an @, so that no user name can be taken for an address. ASCII alone: no two that look alike.
const USERNAME = /^[a-z0-9](?:[a-z0-9._-]{1,30})[a-z0-9]$/i

/** Says whether a text can be a user name: 3 to 32 characters. Its case is kept, and does not count. */
export function isUsername(text: string): boolean {
  return USERNAME.test(text)
}
