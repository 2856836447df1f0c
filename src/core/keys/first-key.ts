import { auditEvent } from '../audit/event.ts'
import type { Client } from '../clients/client.ts'
import type { Policy } from '../policy.ts'
import type { World } from '../ports.ts'
import { mintApiKeyText, parseApiKey } from './api-key.ts'
import { keyRecord, unlimited } from './issue.ts'

export interface FirstKey {
  /** The key itself: this once and never again. */
  readonly text: string
  /** False when the wished key was not well formed, and a fresh one was made instead. */
  readonly asWished: boolean
}

export interface FirstKeyWish {
  /** The key that the operator has chosen; used when it is well formed. */
  readonly wished: string | undefined
  /** Puts the key where its owner will find it, before it counts: made and then lost, it would lock everybody out. */
  readonly secure?: (first: FirstKey) => Promise<void>
}

/** Makes the client `admin`, with every permission, and its key; undefined when the database already has a client. */
export async function makeFirstKey(
  { world, policy }: { readonly world: World; readonly policy: Policy },
  { wished, secure }: FirstKeyWish,
): Promise<FirstKey | undefined> {
  if (await world.store.anyClient()) return undefined
  const now = world.now()
  const asWished = wished !== undefined && parseApiKey(wished) !== undefined
  const text = asWished ? wished : mintApiKeyText(world, policy.keyPrefix)
  const client: Client = {
    id: world.newId(),
    name: 'admin',
    permissions: ['*'],
    createdAt: now,
    disabledAt: undefined,
    notBefore: undefined,
    ownerId: undefined,
  }
  const wanted = { ...unlimited, name: 'first key', permissions: ['*'] }
  const key = keyRecord(world, text, { clientId: client.id, wanted, now })
  const first = { text, asWished }
  await secure?.(first)
  const event = auditEvent(
    world,
    { kind: 'start.first', target: client.id, details: { key_id: key.id } },
    undefined,
  )
  const inserted = await world.store.insertFirstClient(client, key, event)
  return inserted ? first : undefined
}
