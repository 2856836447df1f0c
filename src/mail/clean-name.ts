const NAME_MAX_LENGTH = 60

/** Letters of any script, digits, and what stands between names. No @, no slash, no colon: nothing that makes an address. */
const NAME = /^\p{L}[\p{L}\p{M}\p{N} .,'’-]*$/u

/** What a mail program would make a link of: a dot with two letters or digits behind it. */
const LIKE_A_HOST = /\.[\p{L}\p{N}-]{2}/u

/** Enough digits for a telephone number. */
const LIKE_A_NUMBER = /(?:\p{N}[ .,-]?){4}/u

/**
 * A name that may stand in a mail of ours, or undefined: then the mail greets without one. A name is its holder's own
 * text, and one that holds an advertisement would be sent under our address to whoever he likes.
 */
export function cleanName(name: string | undefined): string | undefined {
  const text = name?.normalize('NFC').trim().replace(/ {2,}/g, ' ')
  if (text === undefined || text.length > NAME_MAX_LENGTH) return undefined
  return NAME.test(text) && !LIKE_A_HOST.test(text) && !LIKE_A_NUMBER.test(text) ? text : undefined
}
