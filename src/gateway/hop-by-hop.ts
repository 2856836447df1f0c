import type { FieldList } from '../http/wire.ts'
import { hopByHopNames, plainName } from './forbidden-fields.ts'

/** What frames the message stays with it, whatever `Connection` lists. */
const framing: ReadonlySet<string> = new Set(['content-length', 'host'])

/**
 * The fields that may go on to the next hop: without those of this connection and those that it lists as its own
 * (RFC 9110 §7.6.1), and without what `drops` names, in the one spelling of `plainName`.
 */
export function endToEnd(fields: FieldList, drops: (plain: string, name: string) => boolean): string[] {
  const listed = connectionListed(fields)
  const kept: string[] = []
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string
    const plain = plainName(name)
    if (hopByHopNames.has(plain) || listed?.has(plain) || drops(plain, name)) continue
    kept.push(name, fields[index + 1] as string)
  }
  return kept
}

/** Undefined for none, which is nearly always. */
function connectionListed(fields: FieldList): ReadonlySet<string> | undefined {
  let listed: Set<string> | undefined
  for (let index = 0; index < fields.length; index += 2) {
    if ((fields[index] as string).toLowerCase() !== 'connection') continue
    for (const text of (fields[index + 1] as string).split(',')) {
      const plain = plainName(text.trim())
      if (plain === 'keep-alive' || plain === 'close' || framing.has(plain)) continue
      listed ??= new Set()
      listed.add(plain)
    }
  }
  return listed
}

/** All values of a field in one text, as a list (RFC 9110 §5.3); undefined when it is absent. */
export function fieldValue(fields: FieldList, name: string): string | undefined {
  let value: string | undefined
  for (let index = 0; index < fields.length; index += 2) {
    const field = fields[index] as string
    if (field.length !== name.length || field.toLowerCase() !== name) continue
    const part = fields[index + 1] as string
    value = value === undefined ? part : `${value}, ${part}`
  }
  return value
}
