import { exchange, type Gateway, type Tokens } from './gateway.ts'
import { inParallel } from './in-parallel.ts'
import { postJson, send } from './send.ts'

const LANES = 16
const TOKENS_RENEWED_EVERY = 20_000

/** Makes a client and so many keys, through the API as an operator would. */
export async function makeKeys(
  gateway: Gateway,
  count: number,
  client = 'bench',
): Promise<readonly string[]> {
  let token = await gateway.adminToken()
  const { id } = await create(
    gateway,
    '/api/v1/clients',
    { name: client, permissions: ['orders:read'] },
    token,
  )
  const numbers = Array.from({ length: count }, (_, index) => index)
  return inParallel(numbers, LANES, async (number) => {
    if (number % TOKENS_RENEWED_EVERY === 0) token = await gateway.adminToken()
    const made = await create(gateway, `/api/v1/clients/${id}/keys`, { name: `key ${number}` }, token)
    return String(made['api_key'])
  })
}

/** Exchanges keys, each as often as it takes. */
export async function exchangeMany(
  gateway: Gateway,
  keys: readonly string[],
  count = keys.length,
): Promise<readonly Tokens[]> {
  const wanted = Array.from({ length: count }, (_, index) => keys[index % keys.length] ?? '')
  return inParallel(wanted, LANES, (key) => exchange(gateway.origin, key))
}

/** Ends access tokens one by one. */
export async function revokeAll(gateway: Gateway, tokens: readonly Tokens[]): Promise<void> {
  const authorization = `Bearer ${await gateway.adminToken()}`
  await inParallel(tokens, LANES, async ({ access }) => {
    const { jti } = JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString())
    const response = await fetch(`${gateway.origin}/api/v1/tokens/${jti}`, {
      method: 'DELETE',
      headers: { authorization },
    })
    if (!response.ok) throw new Error(`Revoking answered ${response.status}`)
  })
}

async function create(gateway: Gateway, path: string, body: unknown, token: string) {
  const answer = await send(gateway.origin, postJson(path, body, { authorization: `Bearer ${token}` }))
  if (answer.status !== 201) throw new Error(`${path} answered ${answer.status}: ${answer.text}`)
  return JSON.parse(answer.text).data as Readonly<Record<string, unknown>>
}
