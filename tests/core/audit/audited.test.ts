import { sql } from 'drizzle-orm'
import { exportJWK, generateKeyPair } from 'jose'
import { TOTP } from 'otpauth'
import pino from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { eraseAccounts } from '../../../src/core/accounts/erase-accounts.ts'
import { importUsers } from '../../../src/core/accounts/import-users.ts'
import type { MailKind } from '../../../src/core/accounts/mail.ts'
import { mintOneTimeToken } from '../../../src/core/accounts/one-time-token-text.ts'
import { auditKinds } from '../../../src/core/audit/event.ts'
import { flushAuditTally } from '../../../src/core/audit/tally.ts'
import type { Actor } from '../../../src/core/caller.ts'
import { type ApiKey, mintApiKeyText } from '../../../src/core/keys/api-key.ts'
import { makeFirstKey } from '../../../src/core/keys/first-key.ts'
import { type NewKey, unlimited } from '../../../src/core/keys/issue.ts'
import { createGuessGuard } from '../../../src/core/limits/guess-guard.ts'
import type { World } from '../../../src/core/ports.ts'
import type { Result } from '../../../src/core/result.ts'
import { createService, type Service } from '../../../src/core/service.ts'
import { createAuditLinker } from '../../../src/runtime/audit-upkeep.ts'
import { loadMemory, type ProcessMemory } from '../../../src/runtime/memory.ts'
import { createNodeWorld } from '../../../src/runtime/node-world.ts'
import { administrationDeeds, newcomer } from '../../support/administration-deeds.ts'
import { testSecret } from '../../support/gateway-process.ts'
import { quickPasswords } from '../../support/quick-passwords.ts'
import { describeTheStore } from '../../support/store-under-test.ts'
import { testPolicy } from '../../support/test-gateway.ts'

const personPassword = 'a password of fifteen or more'
const userAgentCanary = `gk_${'C'.repeat(46)}`

describeTheStore((the) => {
  let world: World
  let memory: ProcessMemory
  let service: Service
  let adminKey: string
  let admin: Actor
  let caught: string[]

  beforeEach(async () => {
    await the.execute(sql`truncate audit_events, audit_chain, rate_limits, revocations`)
    world = createNodeWorld(the.store, [testSecret], { passwords: quickPasswords })
    adminKey = mintApiKeyText(world, 'gk')
    await makeFirstKey({ world, policy: testPolicy }, { wished: adminKey })
    memory = await loadMemory(world, testPolicy, {
      directory: { maxEntries: 1000, maxAgeMs: 60_000, looksOutliveCalls: true },
      guessGuard: createGuessGuard(),
    })
    service = createService({ world, policy: testPolicy, memory })
    caught = [adminKey, userAgentCanary]
    admin = await anActor(adminKey, 'admin')
  })

  const from = (requestId: string) => ({
    address: '192.0.2.7',
    userAgent: `agent/1 ${userAgentCanary}`,
    requestId,
  })
  const value = <T>(result: Result<T, unknown>): T => {
    if (!result.ok) throw new Error(`Refused: ${JSON.stringify(result.failure)}`)
    return result.value
  }
  const exchangeAs = async (apiKey: string, requestId: string) => {
    const request = {
      apiKey,
      clientId: undefined,
      rotates: false,
      narrowing: { permissions: undefined, audiences: undefined, accessTtlSeconds: undefined },
    }
    const pair = await service.exchange(request, from(requestId))
    if (pair.ok) caught.push(pair.value.access, pair.value.refresh, pair.value.access.split('.')[2]!)
    return pair
  }
  const anActor = async (apiKey: string, requestId: string): Promise<Actor> => {
    const { access } = value(await exchangeAs(apiKey, requestId))
    return {
      principal: value(await service.admit(access, from(requestId))).principal,
      caller: from(requestId),
    }
  }
  const by = (requestId: string): Actor => ({ ...admin, caller: from(requestId) })
  const aKey = async (changes: Partial<NewKey> = {}): Promise<{ key: ApiKey; text: string }> => {
    const issued = await service.issueKey(by('setup'), {
      clientId: admin.principal.clientId,
      idempotencyKey: undefined,
      wanted: { ...unlimited, name: 'a key', permissions: undefined, ...changes },
    })
    caught.push(value(issued).text)
    return value(issued)
  }
  const eventsOf = (requestId: string) =>
    the.store.listAuditEvents({ requestId }, { limit: 50, before: undefined })
  const everything = async () => {
    await flushAuditTally(world, memory.audit)
    return the.store.listAuditEvents({}, { limit: 200, before: undefined })
  }

  /** Does one thing in the call `it` and answers what its event must name. */
  const deeds: Readonly<Record<string, () => Promise<{ target?: string; keyId?: string; reason?: string }>>> =
    {
      async exchange() {
        const { key, text } = await aKey()
        await exchangeAs(text, 'it')
        return { keyId: key.id }
      },
      async refresh() {
        const { key, text } = await aKey()
        const { refresh } = value(await exchangeAs(text, 'setup'))
        value(await service.refresh(refresh, from('it')))
        return { keyId: key.id }
      },
      async 'client.create'() {
        const { id } = value(
          await service.createClient(by('it'), { name: 'billing', permissions: ['a:b'], ownerId: undefined }),
        )
        return { target: id }
      },
      async 'client.cut-off'() {
        const { id } = value(
          await service.createClient(by('setup'), { name: 'orders', permissions: [], ownerId: undefined }),
        )
        value(await service.cutOffClient(by('it'), id))
        return { target: id }
      },
      async 'key.create'() {
        const order = { clientId: admin.principal.clientId, idempotencyKey: undefined }
        const wanted = { ...unlimited, name: 'n', permissions: undefined }
        return { target: value(await service.issueKey(by('it'), { ...order, wanted })).key.id }
      },
      async 'key.update'() {
        const { key } = await aKey()
        value(await service.updateKey(by('it'), { id: key.id, update: { name: 'new' } }))
        return { target: key.id }
      },
      async 'key.disable'() {
        const { key } = await aKey()
        value(await service.disableKey(by('it'), key.id))
        return { target: key.id }
      },
      async 'key.enable'() {
        const { key } = await aKey()
        value(await service.disableKey(by('setup'), key.id))
        value(await service.enableKey(by('it'), key.id))
        return { target: key.id }
      },
      async 'key.rotate'() {
        const { key } = await aKey()
        const order = { id: key.id, overlapSeconds: 60, idempotencyKey: undefined }
        caught.push(value(await service.rotateKey(by('it'), order)).text)
        return { target: key.id }
      },
      async 'key.retire'() {
        const { key } = await aKey()
        const order = { id: key.id, overlapSeconds: 60, idempotencyKey: undefined }
        value(await service.rotateKey(by('setup'), order))
        value(await service.retireKey(by('it'), { id: key.id, force: true }))
        return { target: key.id }
      },
      async 'key.revoke'() {
        const { key } = await aKey()
        value(await service.revokeKey(by('it'), { id: key.id, reason: 'lost' }))
        return { target: key.id, reason: 'lost' }
      },
      async 'key.surrender'() {
        const { key, text } = await aKey()
        const order = { id: key.id, apiKey: text, reason: `found ${text}` }
        value(await service.surrenderKey(order, from('it')))
        return { target: key.id, keyId: key.id, reason: 'found …' }
      },
      async 'key.leak'() {
        const { key, text } = await aKey()
        value(await service.reportLeak({ apiKey: text, source: `https://x.test/?${text}\0` }, from('it')))
        return { target: key.id, keyId: key.id }
      },
      async 'key.purge'() {
        const { key } = await aKey()
        value(await service.deleteKey(by('it'), key.id))
        return { target: key.id }
      },
      async 'session.end'() {
        const { sessionId } = value(await exchangeAs((await aKey()).text, 'setup'))
        value(await service.endSession(by('it'), sessionId))
        return { target: sessionId }
      },
      async 'token.narrow'() {
        const { key, text } = await aKey()
        const { access } = value(await exchangeAs(text, 'setup'))
        const narrowing = { permissions: ['orders:read'], audiences: undefined, accessTtlSeconds: undefined }
        const credentials = { clientId: key.clientId, apiKey: text }
        const request = { credentials, subjectToken: access, actorToken: undefined, narrowing }
        caught.push(value(await service.narrowToken(request, from('it'))).access)
        return { keyId: key.id }
      },
      async 'signing-key.rotate'() {
        return { target: value(await service.rotateSigningKeys(by('it'), { now: false })).kid }
      },
      async 'signing-key.import'() {
        const { publicKey } = await generateKeyPair('ES256', { extractable: true })
        const brought = { form: 'jwk', jwk: { ...(await exportJWK(publicKey)), alg: 'ES256' } } as const
        return { target: value(await service.importSigningKey(by('it'), brought)).kid }
      },
      async 'signing-key.retire'() {
        const { kid } = value(await service.rotateSigningKeys(by('setup'), { now: false }))
        value(await service.retireSigningKey(by('it'), kid))
        return { target: kid }
      },
      async 'token.end'() {
        const { tokenId } = value(await exchangeAs((await aKey()).text, 'setup'))
        await service.endToken(by('it'), tokenId)
        return { target: tokenId }
      },
      ...administrationDeeds(() => service, by),
    }

  /** The same of people; answers the person too. */
  const peopleDeeds: Readonly<Record<string, () => Promise<{ userId: string; target?: string }>>> = {
    async 'user.register'() {
      const { id } = await aPerson('it', 'setup')
      return { userId: id, target: id }
    },
    async 'user.register-known'() {
      const { id, email } = await aPerson()
      value(await service.register(registrationOf(email), from('it')))
      return { userId: id, target: id }
    },
    async 'user.email-confirm'() {
      const { id } = await aPerson('setup', 'it')
      return { userId: id, target: id }
    },
    async 'user.phone-change'() {
      const { id } = await aPerson()
      const phone = String(33_600_000_000 + Math.floor(performance.now() * 1000))
      const beside = { phone, codeChallenge: 'a challenge', codeChallengeMethod: 'plain' } as const
      const { text, token } = mintOneTimeToken(
        world,
        { userId: id, purpose: 'phone-change', email: undefined, ttlSeconds: 60, ...beside },
        world.now(),
      )
      await the.store.insertOneTimeToken(token, {})
      // To a client that keeps a verifier: nobody is signed in by it yet.
      value(await service.followLink({ hash: text, type: 'phone_change' }, from('it')))
      return { userId: id, target: id }
    },
    async 'sign-in'() {
      const { id, email } = await aPerson()
      await signedIn(email, 'it')
      return { userId: id }
    },
    async refresh() {
      const { id, email } = await aPerson()
      value(await service.refreshPerson((await signedIn(email)).refresh, from('it')))
      return { userId: id }
    },
    async 'sign-out'() {
      const { id, email } = await aPerson()
      const { access } = await signedIn(email)
      const { principal } = value(await service.admit(access, from('setup')))
      value(await service.signOut({ principal, caller: from('it') }, 'all'))
      return { userId: id, target: id }
    },
    async 'factor.enrol'() {
      const { actor, id } = await anActingPerson()
      return { userId: id, target: (await begunApp(actor('it'))).factor.id }
    },
    async 'factor.activate'() {
      const { actor, id } = await anActingPerson()
      return { userId: id, target: (await activatedApp(actor, 'it')).id }
    },
    async 'factor.remove'() {
      const { actor, id } = await anActingPerson()
      const app = await activatedApp(actor)
      const shown = { id: app.id, password: personPassword, code: app.code() }
      value(await service.removeFactor(actor('it'), shown))
      return { userId: id, target: app.id }
    },
    async 'session.raise'() {
      const { actor, id } = await anActingPerson()
      const app = await activatedApp(actor)
      const { id: challengeId } = value(await service.challengeFactor(actor('setup'), app.id))
      const answer = { factorId: app.id, challengeId, code: app.code() }
      caught.push(value(await service.raiseSession(actor('it'), answer)).refresh)
      return { userId: id, target: app.id }
    },
    async 'recovery-codes.renew'() {
      const { actor, id } = await anActingPerson()
      const shown = { password: personPassword, code: (await activatedApp(actor)).code() }
      caught.push(...value(await service.renewRecoveryCodes(actor('it'), shown)))
      return { userId: id }
    },
    async 'user.invite-accept'() {
      const invited = value(await service.inviteUser(by('setup'), { ...newcomer(), role: undefined }))
      const token = await lastLink('invite')
      const answer = { token, password: personPassword, profile: {} }
      value(await service.acceptInvitation(answer, from('it')))
      return { userId: invited.user.id, target: invited.user.id }
    },
    async 'user.password-change'() {
      const { id, actor } = await anActingPerson()
      const wish = { currentPassword: personPassword, newPassword: `${personPassword} and more` }
      value(await service.changePassword(actor('it'), wish))
      return { userId: id, target: id }
    },
    async 'user.password-reset'() {
      const { id, email } = await aPerson()
      value(await service.forgotPassword({ email, captcha: undefined }, from('setup')))
      const token = await lastLink('password-reset')
      value(await service.resetPassword({ token, password: `${personPassword} and more` }, from('it')))
      return { userId: id, target: id }
    },
    async 'user.email-change-ask'() {
      const { id, actor } = await anActingPerson()
      const email = `${crypto.randomUUID()}@example.com`
      value(await service.askEmailChange(actor('it'), { email, password: personPassword }))
      return { userId: id, target: id }
    },
    async 'user.email-change'() {
      const { id } = await aChangedAddress('it')
      return { userId: id, target: id }
    },
    async 'user.email-undo'() {
      const { id } = await aChangedAddress('setup')
      value(await service.undoEmailChange(await lastLink('email-changed'), from('it')))
      return { userId: id, target: id }
    },
    async 'user.update'() {
      const { id, actor } = await anActingPerson()
      const { email: _email, password: _password, ...profile } = registrationOf('')
      value(await service.updateProfile(actor('it'), profile))
      return { userId: id, target: id }
    },
    async 'user.export'() {
      const { id, actor } = await anActingPerson()
      value(await service.exportPersonalData(actor('it')))
      return { userId: id, target: id }
    },
    async 'user.delete'() {
      const { id, actor } = await anActingPerson()
      value(await service.deleteOwnAccount(actor('it'), personPassword))
      return { userId: id, target: id }
    },
  }

  const lastLink = async (kind: MailKind): Promise<string> => {
    const { rows } = (await the.execute(
      sql`select sealed_message from mail_outbox where kind = ${kind} order by created_at desc, ctid desc limit 1`,
    )) as { rows: { sealed_message: string }[] }
    const { facts } = JSON.parse(world.vault.unseal('mail', rows[0]!.sealed_message)!)
    caught.push(facts.token)
    return facts.token
  }
  const aChangedAddress = async (requestId: string) => {
    const { id, actor } = await anActingPerson()
    const email = `${crypto.randomUUID()}@example.com`
    value(await service.askEmailChange(actor('setup'), { email, password: personPassword }))
    value(await service.confirmEmailChange(await lastLink('email-change'), from(requestId)))
    return { id }
  }

  const anActingPerson = async () => {
    const { id, email } = await aPerson()
    const { access } = await signedIn(email)
    const { principal } = value(await service.admit(access, from('setup')))
    return { id, actor: (requestId: string): Actor => ({ principal, caller: from(requestId) }) }
  }
  const begunApp = async (actor: Actor) => {
    const order = { password: personPassword, code: undefined, name: `app ${userAgentCanary}` }
    const begun = value(await service.enrolApp(actor, order))
    caught.push(begun.secret)
    return begun
  }
  /** An app whose code of the step before has activated it; the one of now is still to be shown. */
  const activatedApp = async (actor: (requestId: string) => Actor, requestId = 'setup') => {
    const { factor, secret } = await begunApp(actor('setup'))
    const app = new TOTP({ secret })
    const code = app.generate({ timestamp: world.now().getTime() - 30_000 })
    const { recoveryCodes = [] } = value(
      await service.activateFactor(actor(requestId), { id: factor.id, code }),
    )
    caught.push(...recoveryCodes)
    return { id: factor.id, code: () => app.generate({ timestamp: world.now().getTime() }) }
  }
  const registrationOf = (email: string) => ({
    email,
    password: personPassword,
    username: undefined,
    name: `agent ${userAgentCanary}`,
    surname: undefined,
    phone: undefined,
    locale: undefined,
    avatarUrl: undefined,
    metadata: {},
    captcha: undefined,
  })
  const aPerson = async (registers = 'setup', confirms = 'setup') => {
    const email = `${crypto.randomUUID()}@example.com`
    caught.push(personPassword)
    value(await service.register(registrationOf(email), from(registers)))
    const token = await lastLink('email-confirm')
    const { userId: id } = value(await service.confirmEmail(token, from(confirms)))
    return { id, email }
  }
  const signedIn = async (email: string, requestId = 'setup') => {
    const signed = value(
      await service.signIn(
        { identifier: email, password: personPassword, captcha: undefined },
        from(requestId),
      ),
    )
    if (signed.kind !== 'tokens') throw new Error('A second factor was due.')
    caught.push(signed.tokens.access, signed.tokens.refresh)
    return signed.tokens
  }

  describe('an event of a person', () => {
    it.each(Object.keys(peopleDeeds))('of %s names them, from where and in which call', async (kind) => {
      const expected = await peopleDeeds[kind]!()
      const events = await eventsOf('it')
      expect(events).toHaveLength(1)
      expect(events[0]).toMatchObject({
        kind,
        clientId: 'guichet',
        keyId: undefined,
        address: '192.0.2.7',
        userAgent: 'agent/1 …',
        count: 1,
        ...expected,
      })
    })

    it('is linked as every other is, and shows when its person is altered', async () => {
      await peopleDeeds['sign-in']!()
      const link = createAuditLinker(pino({ level: 'silent' }))
      await link(world)
      const verdict = await service.verifyAuditChain(undefined)
      expect([verdict.problem, verdict.checked > 3]).toEqual([undefined, true])
      await the.execute(sql`update audit_events set user_id = 'another' where kind = 'sign-in'`)
      expect((await service.verifyAuditChain(undefined)).problem?.what).toBe('altered')
    })
  })

  describe('an event', () => {
    it.each(Object.keys(deeds))(
      'of %s names who did what, to what, from where and in which call',
      async (kind) => {
        const { clientId, keyId, sessionId } = admin.principal
        const expected = await deeds[kind]!()
        const events = await eventsOf('it')
        expect(events).toHaveLength(1)
        expect(events[0]).toMatchObject({
          kind,
          clientId,
          keyId,
          address: '192.0.2.7',
          userAgent: 'agent/1 …',
          requestId: 'it',
          count: 1,
          ...expected,
        })
        const ownsSession = ['exchange', 'refresh', 'token.narrow'].includes(kind)
        if (expected.keyId === undefined) expect(events[0]?.sessionId).toBe(sessionId)
        else expect(events[0]?.sessionId !== undefined).toBe(ownsSession)
      },
    )

    it('tells of the first start', async () => {
      const [first] = await the.store.listAuditEvents(
        { kind: 'start.first' },
        { limit: 50, before: undefined },
      )
      expect(first).toMatchObject({
        target: admin.principal.clientId,
        details: { key_id: admin.principal.keyId },
      })
    })

    it('of a call that the log cannot take makes the call fail', async () => {
      const full = { ...the.store, insertAuditEvents: () => Promise.reject(new Error('full')) }
      const deaf = createService({ world: { ...world, store: full }, policy: testPolicy, memory })
      await expect(deaf.disableKey(by('it'), admin.principal.keyId!)).rejects.toThrow('full')
    })
  })

  describe('a refusal', () => {
    it('is counted by reason and by genuine key, and by nothing that a stranger claims', async () => {
      const { key, text } = await aKey()
      value(await service.revokeKey(by('setup'), { id: key.id, reason: undefined }))
      for (let index = 0; index < 3; index++) await exchangeAs(text, `genuine-${index}`)
      await exchangeAs(mintApiKeyText(world, 'gk'), 'unknown')
      await exchangeAs(`${text.slice(0, -8)}abcdefgh`, 'mistyped')
      await service.admit('not.a.token', from('forged'))
      const narrow = { ...by('denied'), principal: { ...admin.principal, permissions: [] } }
      expect(service.authorize(narrow, 'keys:write').ok).toBe(false)
      expect((await service.disableKey(by('absent'), 'nosuchkey000')).ok).toBe(false)
      const refusals = (await everything()).filter(({ kind }) => kind === 'refusal')
      const counts = refusals.map(({ reason, keyId, count }) => [reason, keyId, count])
      const { keyId } = admin.principal
      expect(counts.toSorted()).toEqual(
        [
          ['access_token_invalid', undefined, 1],
          ['api_key_invalid', undefined, 2],
          ['api_key_revoked', key.id, 3],
          ['key_not_found', keyId, 1],
          ['permission_missing', keyId, 1],
        ].toSorted(),
      )
      const unknown = refusals.find(({ reason }) => reason === 'api_key_invalid')
      expect(unknown?.details).toEqual({ addresses: ['192.0.2.7'], request_ids: ['unknown', 'mistyped'] })
    })
  })

  describe('a canary', () => {
    it('is answered as an unknown key is, and told by its own kind and id', async () => {
      const { key, text } = await aKey({ canary: true })
      expect(await exchangeAs(text, 'bait')).toMatchObject({ failure: { reason: 'api_key_invalid' } })
      const used = (await everything()).filter(({ kind }) => kind === 'canary.use')
      expect(used).toMatchObject([{ keyId: key.id, clientId: key.clientId, count: 1 }])
    })
  })

  describe('the whole log', () => {
    const allDeeds = [...Object.values(deeds), ...Object.values(peopleDeeds)]

    it('holds no credential, whatever was done and with whatever texts', async () => {
      for (const deed of allDeeds) await deed()
      await exchangeAs(`${adminKey}x`, 'wrong')
      const rows = JSON.stringify(await everything())
      expect(caught.length).toBeGreaterThan(20)
      expect(caught.filter((secret) => rows.includes(secret))).toEqual([])
    })

    it('has every kind that there is', async () => {
      for (const deed of allDeeds) await deed()
      await exchangeAs((await aKey({ canary: true })).text, 'bait')
      const inAMonth = new Date(world.now().getTime() + 31 * 86_400_000)
      await eraseAccounts({ ...world, now: () => inAMonth })
      const beside = {
        row: 0,
        id: undefined,
        passwordHash: undefined,
        emailConfirmedAt: undefined,
        createdAt: undefined,
        role: undefined,
        standing: {},
        identities: [],
        factors: [],
      }
      const { describe } = world.passwords
      const wish = { describe, dryRun: false, skipFaulty: false }
      value(await importUsers(world, [{ ...newcomer(), ...beside }], wish))
      const kinds = new Set((await everything()).map(({ kind }) => kind))
      expect(auditKinds.filter((kind) => !kinds.has(kind))).toEqual([])
    })
  })
})
