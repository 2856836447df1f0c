const TEXT_MAX_LENGTH = 200
/** What is or may be a key, a refresh token or a JWT, wherever in a text it stands. */
const CREDENTIAL = /[0-9A-Za-z_]*_[0-9A-Za-z]{40,}|eyJ[\w-]{8,}[\w.-]*/g

/** Says whether a text holds what is or may be a credential: it must not be said back, logged or kept. */
export function holdsCredential(text: string): boolean {
  return text.search(CREDENTIAL) >= 0
}

/** A caller's own words as they may be kept: cut to 200 characters, credentials gone, and nothing that a database refuses. */
export function cleanText(text: string | undefined): string | undefined {
  // Looked through before it is cut: half a key would no longer look like one.
  return text
    ?.slice(0, 8 * TEXT_MAX_LENGTH)
    .replace(CREDENTIAL, '…')
    .slice(0, TEXT_MAX_LENGTH)
    .replaceAll('\0', '\uFFFD')
    .toWellFormed()
}
