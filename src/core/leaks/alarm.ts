import type { Caller } from '../caller.ts'
import type { ApiKey } from '../keys/api-key.ts'
import { cleanText } from '../keys/clean-text.ts'
import type { ServiceParts } from '../service-parts.ts'

/** What an owner must hear of at once. */
export const alarmKinds = ['key.leaked', 'canary.used'] as const
export type AlarmKind = (typeof alarmKinds)[number]

/** One alarm. It names the key by its id, and never holds the key. */
export interface Alarm extends Caller {
  /** The same wherever this alarm is told, so that one that arrives twice is known again. */
  readonly id: string
  readonly kind: AlarmKind
  readonly at: Date
  readonly keyId: string
  readonly clientId: string
  /** Where the reporter found the key, in their words; undefined when they did not say. */
  readonly source: string | undefined
}

/** The one place from which owners are told. It neither waits nor fails. */
export function raiseAlarm(
  { world }: Pick<ServiceParts, 'world'>,
  kind: AlarmKind,
  {
    key,
    caller,
    source,
  }: { readonly key: ApiKey; readonly caller: Caller; readonly source?: string | undefined },
): void {
  world.raise({
    id: world.newId(),
    kind,
    at: world.now(),
    keyId: key.id,
    clientId: key.clientId,
    source,
    address: caller.address,
    userAgent: cleanText(caller.userAgent),
    requestId: caller.requestId,
  })
}
