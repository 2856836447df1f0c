import type { Policy } from '../../../core/policy.ts'
import type { World } from '../../../core/ports.ts'
import { later, signersOf } from '../../../core/tokens/signing-key-plan.ts'
import {
  chooseSigner,
  type SignerRecord,
  type SigningKeyRecord,
  signingKeyState,
} from '../../../core/tokens/signing-key-state.ts'
import { countKeyAges } from '../../../store/diagnosis.ts'
import type { BareDatabase } from '../../postgres.ts'
import type { Check } from './check.ts'

const DAY_SECONDS = 86_400
/** Gateways rotate once a minute; a day late nobody does. */
const ROTATION_LATE_DAYS = 1
/** Where nobody is told to rotate a signing key, it is asked about after a year. */
const UNROTATED_DAYS = 365
const KEYS_END_SOON_DAYS = 14
const KEYS_UNUSED_DAYS = 90

/** Says whether a key signs, whether it is as young as it should be, and whether another one follows it. */
export async function checkSigningKeyAges(
  { store, now }: Pick<World, 'store' | 'now'>,
  policy: Pick<Policy, 'signingKeyRotationDays'>,
): Promise<Check> {
  return judgeSigningKeyAges(await store.listSigningKeys(), policy, now())
}

/** The same of records at hand. */
export function judgeSigningKeyAges(
  records: readonly SigningKeyRecord[],
  { signingKeyRotationDays: rotationDays }: Pick<Policy, 'signingKeyRotationDays'>,
  now: Date,
): Check {
  const check = 'signing keys'
  const signers = signersOf(records, now)
  const signer = chooseSigner(signers, now)
  if (signer === undefined) {
    const finding = 'No key signs, and so no token can be made.'
    const status = records.length === 0 ? 'warn' : 'fail'
    return { check, status, finding, remedy: 'Start a gateway: it makes one at once.' }
  }
  const next = signers.find(({ activeFrom }) => activeFrom > signer.activeFrom)
  const ageDays = (now.getTime() - signer.activeFrom.getTime()) / 1000 / DAY_SECONDS
  const known = records.filter((record) => signingKeyState(record, now) !== 'gone').length
  const follows = next === undefined ? '' : `, the next one from ${next.activeFrom.toISOString()}`
  const finding = `One signs (${signer.algorithm}, ${Math.floor(ageDays)} days)${follows}; ${known - 1} more are known.`
  const ours = signer.origin === 'made' && rotationDays > 0
  if (endsAlone(signer, next)) {
    const remedy = `It ends on ${signer.retiresAt?.toISOString()} and none follows: run \`guichet signing-keys rotate\`.`
    return { check, status: 'warn', finding, remedy }
  }
  if (next !== undefined) return { check, status: 'ok', finding }
  if (ours && ageDays > rotationDays + ROTATION_LATE_DAYS) {
    const remedy = `It should be ${rotationDays} days old at most, and a gateway that runs rotates it: does one?`
    return { check, status: 'warn', finding, remedy }
  }
  if (!ours && ageDays > UNROTATED_DAYS) {
    const remedy = 'No gateway rotates this one: bring the next, or run `guichet signing-keys rotate`.'
    return { check, status: 'warn', finding, remedy }
  }
  return { check, status: 'ok', finding }
}

function endsAlone({ retiresAt }: SignerRecord, next: SignerRecord | undefined): boolean {
  return retiresAt !== undefined && (next === undefined || next.activeFrom > retiresAt)
}

/** Counts the API keys that end soon, and those that nobody has used for long. */
export async function checkKeyAges({ db }: BareDatabase, now: Date): Promise<Check> {
  const check = 'key ages'
  const { live, endSoon, unused } = await countKeyAges(db, {
    now,
    soon: later(now, KEYS_END_SOON_DAYS * DAY_SECONDS),
    longAgo: later(now, -KEYS_UNUSED_DAYS * DAY_SECONDS),
  })
  const finding = `${live} can be used; ${endSoon} end within ${KEYS_END_SOON_DAYS} days, ${unused} were not used for ${KEYS_UNUSED_DAYS}.`
  const remedies = [
    ...(endSoon > 0 ? ['Rotate those that end, or give them a later end.'] : []),
    ...(unused > 0 ? ['Withdraw those that nobody needs.'] : []),
  ]
  if (remedies.length === 0) return { check, status: 'ok', finding }
  return { check, status: 'warn', finding, remedy: remedies.join(' ') }
}
