import type { World } from '../../../core/ports.ts'
import { countKeysBySecret } from '../../../store/diagnosis.ts'
import type { BareDatabase } from '../../postgres.ts'
import { createVault, secretIdOf } from '../../vault.ts'
import type { Check } from './check.ts'

/** Says whether the secrets open the signing keys, without which no start succeeds. */
export async function checkSigningKeys({ store, vault }: World): Promise<Check> {
  const check = 'secret'
  const records = await store.listSigningKeys()
  const sealed = records.flatMap(({ sealedPrivateJwk }) => sealedPrivateJwk ?? [])
  const closed = sealed.filter((box) => vault.unseal('signing-key', box) === undefined).length
  if (sealed.length === 0) {
    const finding = 'There is no signing key to try it on yet.'
    return { check, status: 'warn', finding, remedy: 'Run `guichet migrate`, or start the gateway.' }
  }
  if (closed > 0) {
    return {
      check,
      status: 'fail',
      finding: `GUICHET_SECRET does not open ${closed} of ${sealed.length} signing keys.`,
      remedy: 'Put back the secret that wrote them; a list with commas between may hold old and new.',
    }
  }
  const writer = secretIdOf(vault.seal('signing-key', ''))
  const older = sealed.filter((box) => secretIdOf(box) !== writer).length
  const finding = `It opens all signing keys (${sealed.length}).`
  if (older === 0) return { check, status: 'ok', finding }
  return {
    check,
    status: 'warn',
    finding,
    remedy: `${older} need an older secret of the list: keep it until a gateway has run with this list for a minute.`,
  }
}

/** Says how many API keys need a secret other than the one that writes. */
export async function checkApiKeys(
  { db }: Pick<BareDatabase, 'db'>,
  secrets: readonly string[],
): Promise<Check> {
  const check = 'api keys'
  const [writer, ...older] = secrets.map((secret) => secretIdOf(createVault([secret]).digest('api-key', '')))
  const counts = await countKeysBySecret(db)
  const total = counts.reduce((sum, { keys }) => sum + keys, 0)
  const under = (wanted: (id: string) => boolean) =>
    counts.filter(({ secretId }) => wanted(secretId)).reduce((sum, { keys }) => sum + keys, 0)
  const onOlder = under((id) => older.includes(id))
  const lost = under((id) => id !== writer && !older.includes(id))
  const finding = `${total} not revoked; ${onOlder} under an older secret, ${lost} under one that is not in GUICHET_SECRET.`
  if (lost > 0) {
    return {
      check,
      status: 'warn',
      finding,
      remedy: 'Those cannot be used: put their secret back in the list.',
    }
  }
  if (onOlder === 0) return { check, status: 'ok', finding }
  const remedy = 'Keep the older secret: each key leaves it when it is next exchanged.'
  return { check, status: 'warn', finding, remedy }
}
