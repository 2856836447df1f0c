import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { isKeepable, userMetadataMaxLength } from './metadata.ts'

type Metadata = Readonly<Record<string, unknown>>

/** Members to lay over what there is, and the names of those to take away. */
export interface MetadataChange {
  readonly set: Metadata
  readonly remove: readonly string[]
}

/** Reads a change in which null takes a member away; refused where more would be kept by it than may be. */
export function judgeMetadataChange(before: Metadata, wanted: Metadata): Result<MetadataChange, Failure> {
  const members = Object.entries(wanted)
  const set = Object.fromEntries(members.filter(([, value]) => value !== null))
  const remove = members.flatMap(([name, value]) => (value === null ? [name] : []))
  const after = Object.fromEntries(
    Object.entries({ ...before, ...set }).filter(([name]) => !remove.includes(name)),
  )
  if (!isKeepable(after, userMetadataMaxLength)) {
    return fail({ reason: 'metadata_too_large', maxLength: userMetadataMaxLength })
  }
  return ok({ set, remove })
}
