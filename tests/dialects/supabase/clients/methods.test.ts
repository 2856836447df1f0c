import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AuthAdminApi, AuthClient } from '@supabase/auth-js'
import { describe, expect, it } from 'vitest'

const own = import.meta.filename
const sources = readdirSync(import.meta.dirname)
  .map((name) => join(import.meta.dirname, name))
  .filter((path) => path !== own)
  .concat(join(import.meta.dirname, '../../../support/supabase-tabs.ts'))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

/** What no gateway is asked for, and what stands behind the method that people call. */
const ofTheClientItself = [
  'constructor',
  'dispose',
  'initialize',
  'isThrowOnErrorEnabled',
  'startAutoRefresh',
  'stopAutoRefresh',
  'fetchJwk',
  'linkIdentityOAuth',
  'linkIdentityIdToken',
  'signInWithEthereum',
  'signInWithSolana',
]

/** What is refused, as not-offered.test.ts and refusals.test.ts have it by the path: these need a page or an authenticator. */
const notOffered = [
  'signInWithPasskey',
  'registerPasskey',
  'mfa.webauthn',
  'mfa.recoveryCodes',
  'admin.customProviders',
  'admin.passkey',
  'oauth',
  'passkey',
]

const methodsOf = (prototype: object) =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => typeof value === 'function' && !name.startsWith('_'))
    .map(([name]) => name)

const client = new AuthClient({ url: 'https://nowhere.test', autoRefreshToken: false, persistSession: false })
const names = [
  ...methodsOf(AuthClient.prototype),
  ...Object.keys(client.mfa).map((name) => `mfa.${name}`),
  ...methodsOf(AuthAdminApi.prototype).map((name) => `admin.${name}`),
  ...Object.keys(client.admin.mfa).map((name) => `admin.mfa.${name}`),
  'admin.oauth',
  'admin.customProviders',
  'admin.passkey',
  'oauth',
  'passkey',
]

/** Whether a test calls it: `tab.auth.mfa.enroll(` and `admin.mfa.listFactors(` are calls of two things. */
function isCalled(name: string): boolean {
  const [last] = name.split('.').toReversed()
  const isOfAdmin = name.startsWith('admin.')
  const owner = isOfAdmin ? 'admin(?:\\(\\)|By\\([^\\n]*\\))?' : 'auth'
  const within = name.split('.').slice(isOfAdmin ? 1 : 0, -1)
  return new RegExp(`\\b${[owner, ...within, last].join('\\s*\\.')}\\b`).test(sources)
}

describe('every method of the clients', () => {
  it('is driven by a test here, or is known to be none of the face', () => {
    const known = new Set([...ofTheClientItself, ...notOffered, 'admin.constructor'])
    expect(names.filter((name) => !known.has(name) && !isCalled(name))).toEqual([])
  })

  it('that is named here is there', () => {
    expect([...ofTheClientItself, ...notOffered].filter((name) => !names.includes(name))).toEqual([])
  })
})
