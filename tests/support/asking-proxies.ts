import type { Answer } from './call.ts'
import type { TestGateway } from './test-gateway.ts'

/** The proxies that ask about calls: Traefik and Caddy, nginx, Envoy. */
export const askers = ['forward-auth', 'auth-request', 'ext-authz'] as const
export type Asker = (typeof askers)[number]

export interface AskedCall {
  readonly method?: string
  readonly host?: string
  readonly uri: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Asks as one of the three proxies does. */
export function ask(
  gateway: TestGateway,
  asker: Asker,
  { method = 'GET', host = 'api.test', uri, token, headers }: AskedCall,
): Promise<Answer> {
  const questions = {
    'forward-auth': { 'X-Forwarded-Method': method, 'X-Forwarded-Host': host, 'X-Forwarded-Uri': uri },
    'auth-request': { 'X-Original-Method': method, 'X-Original-URL': `https://${host}${uri}` },
    'ext-authz': { Host: host },
  }
  const path = asker === 'ext-authz' ? `/authz/ext-authz${uri}` : `/authz/${asker}`
  const all = { token, headers: { ...questions[asker], ...headers } }
  return gateway.call(asker === 'ext-authz' ? method : 'GET', path, all)
}

/** The refusal itself, wherever it stands. */
export const verdict = ({ status, headers }: Answer) => Number(headers.get('x-error-status') ?? status)

export const identityNames = [
  'x-auth-subject',
  'x-auth-client',
  'x-auth-key-id',
  'x-auth-scope',
  'x-auth-session',
]
export const identityOf = ({ headers }: Answer) => identityNames.map((name) => headers.get(name))
