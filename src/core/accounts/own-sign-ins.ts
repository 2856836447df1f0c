import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { idForms, type Listing, listing, type PageRequest, parsePage } from '../page.ts'
import { ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personOf } from './person-of.ts'
import type { SignInRecord } from './sign-in-record.ts'

/** The sign-ins of the person who asks, also those that came to nothing, the newest first. */
export async function listOwnSignIns(
  parts: ServiceParts,
  actor: Actor,
  page: PageRequest,
): Promise<Result<Listing<SignInRecord>, Failure>> {
  const person = personOf(actor)
  return person.ok ? listSignIns(parts, person.value.userId, page) : person
}

/** The same of any user. */
export async function listSignIns(
  { world }: ServiceParts,
  userId: string,
  request: PageRequest,
): Promise<Result<Listing<SignInRecord>, Failure>> {
  const page = parsePage(request, idForms.uuid)
  if (!page.ok) return page
  const { limit, after } = page.value
  const before = after && { at: after.createdAt, id: after.id }
  const rows = await world.store.listSignIns(userId, { limit: limit + 1, before })
  return ok(
    listing(
      rows.map((row) => ({ ...row, createdAt: row.at })),
      limit,
    ),
  )
}
