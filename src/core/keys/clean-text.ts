const TEXT_MAX_LENGTH = 200
/** So much of a text is looked at. */
const LOOKED_AT_MAX_LENGTH = 8 * TEXT_MAX_LENGTH
/** The word at the end of a text. */
const LAST_WORD = /(?<![\w.-])[\w.-]+$/
/** What is or may be a key, a refresh token or a JWT, wherever in a text it stands. */
const CREDENTIAL = /[0-9A-Za-z_]*_[0-9A-Za-z]{40,}|eyJ[\w-]{8,}[\w.-]*/g

/** Says whether a text holds what is or may be a credential: it must not be said back, logged or kept. */
export function holdsCredential(text: string): boolean {
  return text.search(CREDENTIAL) >= 0
}

/** A caller's own words as they may be kept: cut to 200 characters, credentials gone, and nothing that a database refuses. */
export function cleanText(text: string | undefined): string | undefined {
  // Looked through before it is cut: half a key would no longer look like one. So the word that is cut here goes as well.
  const looked =
    text !== undefined && text.length > LOOKED_AT_MAX_LENGTH
      ? text.slice(0, LOOKED_AT_MAX_LENGTH).replace(LAST_WORD, '…')
      : text
  return looked?.replace(CREDENTIAL, '…').slice(0, TEXT_MAX_LENGTH).replaceAll('\0', '\uFFFD').toWellFormed()
}
