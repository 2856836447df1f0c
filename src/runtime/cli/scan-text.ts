import {
  credentialMaxLength,
  type FoundCredential,
  findCredentials,
} from '../../core/keys/find-credentials.ts'

/** A credential and where it stands; line and column begin at 1, as in an editor. */
export interface Sighting extends Pick<FoundCredential, 'kind' | 'prefix' | 'id'> {
  readonly line: number
  readonly column: number
}

/**
 * Finds credentials in a text that comes in pieces, of which it holds no more than one and the end of the one before:
 * a key that is cut in two is found, and none twice.
 */
export async function* scanText(pieces: AsyncIterable<string>): AsyncGenerator<Sighting> {
  let held = ''
  // Of the first character that is held.
  let at = { line: 1, column: 1 }
  // How much of what is held has been told of.
  let told = 0
  for await (const piece of pieces) {
    held += piece
    for (const { kind, prefix, id, index, length } of findCredentials(held)) {
      if (index < told) continue
      told = index + length
      yield { kind, prefix, id, ...moved(at, held.slice(0, index)) }
    }
    const passed = Math.max(0, held.length - credentialMaxLength)
    at = moved(at, held.slice(0, passed))
    held = held.slice(passed)
    told = Math.max(0, told - passed)
  }
}

function moved({ line, column }: { line: number; column: number }, over: string) {
  const breaks = over.split('\n').length - 1
  return {
    line: line + breaks,
    column: breaks === 0 ? column + over.length : over.length - over.lastIndexOf('\n'),
  }
}
