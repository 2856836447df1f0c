import type { Answer, Call } from './call.ts'
import { supabaseCall } from './supabase.ts'
import type { TestGateway } from './test-gateway.ts'

let clients = 0

/** A key of a client of its own, made by the public routes. */
export async function aKeyFor(
  gateway: TestGateway,
  permissions: readonly string[],
  options: object = {},
): Promise<{ readonly id: string; readonly text: string; readonly clientId: string }> {
  const token = await gateway.accessToken()
  const json = { name: `program ${++clients}`, permissions }
  const client = await gateway.call('POST', '/api/v1/clients', { token, json })
  const clientId: string = client.body.data.id
  const key = await gateway.call('POST', `/api/v1/clients/${clientId}/keys`, {
    token,
    json: { name: 'key', ...options },
  })
  return { id: key.body.data.id, text: key.body.data.api_key, clientId }
}

export const aSecretKey = (gateway: TestGateway, options: object = {}) =>
  aKeyFor(gateway, ['supabase:service_role'], options)
export const aPublishableKey = (gateway: TestGateway, options: object = {}) =>
  aKeyFor(gateway, ['supabase:anon'], options)

/** Calls as one of the operator's programs does. */
export type ServiceCall = (method: string, path: string, options?: Call) => Promise<Answer>

/** Calls with a fresh secret key. */
export async function serviceOf(gateway: TestGateway): Promise<ServiceCall> {
  const { text } = await aSecretKey(gateway)
  return (method, path, options) => supabaseCall(gateway, method, path, { token: text, ...options })
}
