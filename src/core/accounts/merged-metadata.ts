import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { isKeepable, userMetadataMaxLength } from './metadata.ts'

type Metadata = Readonly<Record<string, unknown>>

/** What is noted of a user after a change of some of it: each member takes the place of the one before, and null takes it out. */
export function mergedMetadata(noted: Metadata, change: Metadata): Result<Metadata, Failure> {
  const merged = Object.fromEntries(
    Object.entries({ ...noted, ...change }).filter(([, value]) => value !== null),
  )
  const maxLength = userMetadataMaxLength
  return isKeepable(merged, maxLength) ? ok(merged) : fail({ reason: 'metadata_too_large', maxLength })
}
