import { InvalidArgumentError } from 'commander'

/** Says whether a text has the form of a client's, a session's or a token's id. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
}

/** @throws InvalidArgumentError */
export function parseKeyId(text: string): string {
  // A whole key does not go into a URL, where every log on the way would keep it.
  if (!/^[0-9A-Za-z]{12}$/.test(text)) {
    throw new InvalidArgumentError('Give the 12 characters of the id, as `guichet keys list` shows it.')
  }
  return text
}

/** @throws InvalidArgumentError */
export function parseUuid(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('Give an id like 84455385-e154-4908-94ff-05aa8560b5b8.')
  return text
}
