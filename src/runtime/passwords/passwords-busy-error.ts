/** More passwords wait to be hashed than can be in good time; a retry may succeed. The wire says 503. */
export class PasswordsBusyError extends Error {
  override readonly name = 'PasswordsBusyError'

  constructor() {
    super('Too many passwords wait to be hashed.')
  }
}
