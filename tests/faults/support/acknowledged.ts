import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { call } from '../../support/call.ts'
import type { GatewayProcess } from '../../support/gateway-process.ts'

/** All that a gateway has said yes to, whatever became of its process since. */
export interface Acknowledged {
  readonly refreshTokens: string[]
  readonly clientIds: string[]
  readonly liveKeys: IssuedKey[]
  readonly withdrawnKeys: IssuedKey[]
}

interface IssuedKey {
  readonly id: string
  readonly text: string
}

export const nothingYet = (): Acknowledged => ({
  refreshTokens: [],
  clientIds: [],
  liveKeys: [],
  withdrawnKeys: [],
})

export const exchange = (gateway: GatewayProcess, apiKey: string) =>
  call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })

async function adminAccess(gateway: GatewayProcess): Promise<string> {
  const apiKey = (await readFile(join(gateway.dataDir, 'first-key'), 'utf8')).trim()
  return (await exchange(gateway, apiKey)).body.data.access
}

/** Every refresh token is good, every key is what it was said to be, and every client is there and no other. */
export async function expectNothingLost(gateway: GatewayProcess, acknowledged: Acknowledged): Promise<void> {
  const renewed = acknowledged.refreshTokens.map((refresh) =>
    call('POST', `${gateway.url}/api/v1/auth/token/refresh/`, { json: { refresh } }),
  )
  expect((await Promise.all(renewed)).filter((answer) => answer.status !== 200)).toEqual([])
  for (const key of acknowledged.liveKeys) expect((await exchange(gateway, key.text)).status).toBe(200)
  for (const key of acknowledged.withdrawnKeys) {
    expect((await exchange(gateway, key.text)).body.error.code).toBe('api_key_revoked')
  }
  const { body } = await call('GET', `${gateway.url}/api/v1/clients`, { token: await adminAccess(gateway) })
  const ids = body.data.items.map((client: { id: string }) => client.id)
  expect(ids).toEqual(expect.arrayContaining(acknowledged.clientIds))
  expect(ids).toHaveLength(acknowledged.clientIds.length + 1)
}

/** Makes a client with two keys and withdraws one of them. */
export async function change(gateway: GatewayProcess, acknowledged: Acknowledged): Promise<void> {
  const token = await adminAccess(gateway)
  const name = crypto.randomUUID()
  const client = await call('POST', `${gateway.url}/api/v1/clients`, { token, json: { name } })
  expect(client.status).toBe(201)
  acknowledged.clientIds.push(client.body.data.id)
  const issued: IssuedKey[] = []
  for (const keyName of ['kept', 'withdrawn']) {
    const key = await call('POST', `${gateway.url}/api/v1/clients/${client.body.data.id}/keys`, {
      token,
      json: { name: keyName },
    })
    expect(key.status).toBe(201)
    issued.push({ id: key.body.data.id, text: key.body.data.api_key })
  }
  const [kept, withdrawn] = issued
  acknowledged.liveKeys.push(kept!)
  const answer = await call('DELETE', `${gateway.url}/api/v1/keys/${withdrawn!.id}`, { token })
  expect(answer.status).toBe(200)
  acknowledged.withdrawnKeys.push(withdrawn!)
}
