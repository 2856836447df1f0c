import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createGuichetFetch, type GuichetFetchOptions } from '../../src/client/guichet-fetch.ts'
import { requireToken } from '../../src/verify/fetch.ts'
import { createVerifier } from '../../src/verify/verifier.ts'
import { type Front, startFront } from '../support/front.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const EXCHANGE = '/api/v1/auth/token/'
const REFRESH = '/api/v1/auth/token/refresh/'
const ME = '/api/v1/me'

let gateway: TestGateway
let front: Front
let orders: Front

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

beforeEach(async () => {
  front = await startFront((request) => gateway.answer(request))
  const verifier = createVerifier({
    issuer: 'https://gateway.test',
    audience: 'https://orders.test',
    jwksUrl: `${front.url}/.well-known/jwks.json`,
    now: gateway.world.now,
  })
  const guarded = requireToken(verifier, { permissions: ['orders:read'] })
  orders = await startFront(
    guarded(async (request, { clientId }) => Response.json([await request.text(), clientId])),
  )
})

afterEach(async () => {
  await orders.close()
  await front.close()
})

const create = (options: Partial<GuichetFetchOptions> = {}) =>
  createGuichetFetch({
    url: front.url,
    apiKey: gateway.adminKey,
    origins: [orders.url],
    now: gateway.world.now,
    random: () => 0.5,
    ...options,
  })
const status = async (response: Promise<Response>) => (await response).status
const exchanges = () => front.seenAt(EXCHANGE).length
const refreshes = () => front.seenAt(REFRESH).length

const refusal = (code = 'invalid_token') =>
  Response.json(
    { error: { code } },
    { status: 401, headers: { 'WWW-Authenticate': `Bearer realm="x", error="${code}"` } },
  )
const busy = (code: 429 | 500 | 503, retryAfter?: string) =>
  Response.json(
    { error: { code: { 429: 'rate_limited', 500: 'internal_error', 503: 'service_unavailable' }[code] } },
    { status: code, headers: retryAfter === undefined ? {} : { 'Retry-After': retryAfter } },
  )
const redirect = (to: string) => new Response(null, { status: 307, headers: { Location: to } })

/** A sleep that takes no time but the gateway's. */
function napping() {
  const naps: number[] = []
  const sleep = async (ms: number) => {
    naps.push(ms)
    gateway.pass(ms / 1000)
  }
  return { naps, sleep }
}

describe('the first calls', () => {
  it('make one exchange, though they are a thousand at once', async () => {
    const api = await startFront(() => new Response('hello'))
    const guichetFetch = create({ origins: [api.url] })
    const calls = Array.from({ length: 1000 }, () => status(guichetFetch(`${api.url}/x`)))
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]))
    expect([exchanges(), api.seen.length]).toEqual([1, 1000])
    expect(new Set(api.seen.map(({ authorization }) => authorization)).size).toBe(1)
    await api.close()
  })

  it('send the key in the body of the exchange and nowhere else', async () => {
    expect(await status(create()(`${orders.url}/today`))).toBe(200)
    const withKey = [...front.seen, ...orders.seen].filter((request) =>
      JSON.stringify(request).includes(gateway.adminKey),
    )
    const body = JSON.stringify({ apiKey: gateway.adminKey })
    expect(withKey).toEqual([{ method: 'POST', path: EXCHANGE, authorization: null, body }])
  })

  it('ask for no more than was wished', async () => {
    const wish = { permissions: ['orders:write'], audience: 'https://orders.test' }
    expect(await status(create(wish)(`${orders.url}/today`))).toBe(403)
    expect(JSON.parse(front.seenAt(EXCHANGE)[0]!.body)).toMatchObject(wish)
  })

  it('take all that fetch takes, and put the token in the place of another', async () => {
    const guichetFetch = create()
    const request = new Request(`${orders.url}/a`, { method: 'POST', body: 'one' })
    expect(await (await guichetFetch(request)).json()).toEqual(['one', expect.any(String)])
    expect(await status(guichetFetch(new URL(ME, front.url)))).toBe(200)
    expect(await status(guichetFetch(ME, { headers: { authorization: 'Bearer another' } }))).toBe(200)
  })

  it('go below the base path of the gateway', async () => {
    await expect(create({ basePath: '/gate' })('/x')).rejects.toMatchObject({ status: 401 })
    expect(front.seen.map(({ path }) => path)).toEqual([`/gate${EXCHANGE}`])
  })
})

describe('the token', () => {
  it('goes to no origin that is not listed', async () => {
    const stranger = await startFront(() => new Response('hello'))
    for (const url of [`${stranger.url}/x`, `//${new URL(stranger.url).host}/x`, 'data:text/plain,x']) {
      await expect(create()(url)).rejects.toMatchObject({ name: 'GuichetError', code: 'origin_not_allowed' })
    }
    expect([stranger.seen, front.seen]).toEqual([[], []])
    await stranger.close()
  })

  it('stays behind when an API redirects to another origin', async () => {
    const stranger = await startFront(() => refusal())
    orders.answerNext('/away', redirect(`${stranger.url}/x`))
    expect(await status(create()(`${orders.url}/away`))).toBe(401)
    expect(stranger.seen).toMatchObject([{ path: '/x', authorization: null }])
    expect(exchanges()).toBe(1)
    await stranger.close()
  })

  it('is kept to 85 % of its life, then renewed behind the back of the calls', async () => {
    const guichetFetch = create()
    await guichetFetch(ME)
    gateway.pass(3059)
    await guichetFetch(ME)
    expect(refreshes()).toBe(0)
    gateway.pass(1)
    let release = (_: Response) => {}
    const held = new Promise<Response>((resolve) => {
      release = resolve
    })
    front.answerNext(REFRESH, held)
    const calls = [guichetFetch(ME), guichetFetch(ME)]
    expect(await Promise.all(calls.map(status))).toEqual([200, 200])
    await guichetFetch(ME)
    expect([exchanges(), refreshes()]).toEqual([1, 1])
    release(busy(500))
  })

  it('is renewed by what the platform keeps alive beyond the call', async () => {
    const kept: Promise<unknown>[] = []
    const guichetFetch = create({ waitUntil: (promise) => kept.push(promise) })
    await guichetFetch(ME)
    gateway.pass(3100)
    front.answerNext(REFRESH, busy(500))
    await guichetFetch(ME)
    expect(kept).toHaveLength(2)
    expect(await Promise.all(kept)).toEqual([undefined, undefined])
  })

  it('is fetched anew when the attempt before was cut off without an end', async () => {
    const guichetFetch = create()
    front.answerNext(EXCHANGE, new Promise<Response>(() => {}))
    const abort = new AbortController()
    const cut = guichetFetch(ME, { signal: abort.signal })
    await expect.poll(exchanges, { interval: 5 }).toBe(1)
    gateway.pass(130)
    expect(await status(guichetFetch(ME))).toBe(200)
    abort.abort(new Error('enough'))
    await expect(cut).rejects.toThrow('enough')
    expect(await status(guichetFetch(ME))).toBe(200)
    expect(exchanges()).toBe(2)
  })

  it('is renewed by the refresh token, and by the key when that is over', async () => {
    const guichetFetch = create()
    await guichetFetch(ME)
    gateway.pass(3600)
    expect(await status(guichetFetch(ME))).toBe(200)
    expect([exchanges(), refreshes()]).toEqual([1, 1])
    gateway.pass(604_800)
    expect(await status(guichetFetch(ME))).toBe(200)
    expect([exchanges(), refreshes()]).toEqual([2, 1])
  })

  it('is renewed by the key when the refresh token is refused', async () => {
    const guichetFetch = create()
    await guichetFetch(ME)
    gateway.pass(3600)
    front.answerNext(REFRESH, refusal('session_revoked'))
    expect(await status(guichetFetch(ME))).toBe(200)
    expect([exchanges(), refreshes()]).toEqual([2, 1])
  })

  it('is fetched by the key when the gateway cannot refresh, and only once the old one is over', async () => {
    const guichetFetch = create()
    const { naps, sleep } = napping()
    const renewals: Promise<unknown>[] = []
    const patient = create({ sleep, waitUntil: (renewal) => void renewals.push(renewal) })
    await Promise.all([guichetFetch(ME), patient(ME)])
    front.answerNext(REFRESH, busy(503), busy(503), busy(503))
    gateway.pass(3100)
    await patient(ME)
    // To its end, and not to its last call: what it judges by then is the clock that is moved below.
    await Promise.all(renewals)
    expect([exchanges(), refreshes(), naps.length]).toEqual([2, 3, 2])
    gateway.pass(500)
    front.answerNext(REFRESH, busy(503))
    expect(await status(guichetFetch(ME))).toBe(200)
    expect([exchanges(), refreshes()]).toEqual([3, 4])
  })

  it('stays in use while renewals fail, which are tried once in five seconds', async () => {
    const renewals: Promise<unknown>[] = []
    const guichetFetch = create({ waitUntil: (renewal) => void renewals.push(renewal) })
    await guichetFetch(ME)
    gateway.pass(3100)
    front.answerNext(REFRESH, busy(500), busy(500))
    const refreshesAfter = async (seconds: number) => {
      gateway.pass(seconds)
      expect(await status(guichetFetch(ME))).toBe(200)
      await Promise.all(renewals)
      return refreshes()
    }
    expect([
      await refreshesAfter(0),
      await refreshesAfter(4),
      await refreshesAfter(1),
      await refreshesAfter(5),
    ]).toEqual([1, 1, 2, 3])
  })

  it('ends by the clock of the gateway, however wrong the one here is', async () => {
    const yesterday = () => new Date(gateway.world.now().getTime() - 86_400_000)
    const guichetFetch = create({ now: yesterday })
    await guichetFetch(ME)
    gateway.pass(3000)
    expect(await status(guichetFetch(ME))).toBe(200)
    expect(refreshes()).toBe(0)
    gateway.pass(600)
    expect(await status(guichetFetch(ME))).toBe(200)
    expect(refreshes()).toBe(1)
  })
})

describe('a 401 of an API', () => {
  it('brings one new token for all that met it, and one retry for each', async () => {
    const guichetFetch = create()
    await guichetFetch(ME)
    const session = decodeJwt(front.seenAt(ME)[0]!.authorization!.slice(7))['sid']
    const ended = await gateway.call('DELETE', `/api/v1/sessions/${session}`, {
      token: await gateway.accessToken(),
    })
    expect(ended.status).toBeLessThan(300)
    const calls = Array.from({ length: 50 }, () => status(guichetFetch(ME)))
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]))
    expect([exchanges(), refreshes(), front.seenAt(ME).length]).toEqual([2, 0, 101])
  })

  it('that comes late, of a token that was replaced, brings no other', async () => {
    const guichetFetch = create()
    const late = Promise.withResolvers<Response>()
    orders.answerNext('/slow', late.promise)
    const slow = guichetFetch(`${orders.url}/slow`)
    await expect.poll(() => orders.seen.length, { interval: 5 }).toBe(1)
    orders.answerNext('/x', refusal())
    expect(await status(guichetFetch(`${orders.url}/x`))).toBe(200)
    late.resolve(refusal())
    expect(await status(slow)).toBe(200)
    expect(exchanges()).toBe(2)
  })

  it.each([
    ['a text', 'one'],
    ['bytes', new TextEncoder().encode('one')],
    ['a blob', new Blob(['one'])],
  ])('is retried with %s for a body', async (_, body) => {
    orders.answerNext('/x', refusal())
    const response = await create()(`${orders.url}/x`, { method: 'POST', body })
    expect(await response.json()).toEqual(['one', expect.any(String)])
    expect(orders.seen.map((request) => request.body)).toEqual(['one', 'one'])
  })

  it('is not retried when the body was a stream, and the next call has a new token', async () => {
    const guichetFetch = create()
    orders.answerNext('/x', refusal())
    // Node asks for duplex, of which the types do not know.
    const init = { method: 'POST', body: new Blob(['one']).stream(), duplex: 'half' } as RequestInit
    expect(await status(guichetFetch(`${orders.url}/x`, init))).toBe(401)
    expect(await status(guichetFetch(`${orders.url}/x`))).toBe(200)
    orders.answerNext('/x', refusal())
    const request = new Request(`${orders.url}/x`, { method: 'POST', body: 'one' })
    expect(await status(guichetFetch(request))).toBe(401)
    expect([exchanges(), orders.seen.length]).toEqual([2, 3])
  })

  it('is the answer when it says anything else than that the token is not valid', async () => {
    orders.answerNext(
      '/x',
      new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } }),
    )
    expect(await status(create()(`${orders.url}/x`))).toBe(401)
    expect([exchanges(), orders.seen.length]).toEqual([1, 1])
  })

  it('is the answer when the new token is refused too, and half a minute no more are fetched', async () => {
    const guichetFetch = create({ audience: 'https://gateway.test' })
    const call = () => status(guichetFetch(`${orders.url}/x`))
    expect([await call(), await call(), await call()]).toEqual([401, 401, 401])
    expect([exchanges(), orders.seen.length]).toEqual([2, 4])
    gateway.pass(29)
    await call()
    expect(exchanges()).toBe(2)
    gateway.pass(1)
    await call()
    expect(exchanges()).toBe(3)
  })
})

describe('a gateway that asks for time', () => {
  it.each([429, 503] as const)('by %i gets what Retry-After says, and a little more', async (code) => {
    const { naps, sleep } = napping()
    front.answerNext(EXCHANGE, busy(code, '7'), busy(code))
    expect(await status(create({ sleep })(ME))).toBe(200)
    expect(naps.map(Math.round)).toEqual([7350, 1050])
  })

  it('gets three tries, then the call fails and says when to come again', async () => {
    const { naps, sleep } = napping()
    const guichetFetch = create({ sleep })
    front.answerNext(EXCHANGE, busy(429, '3'), busy(429, '3'), busy(429, '3'))
    const limited = { code: 'rate_limited', status: 429 }
    await expect(guichetFetch(ME)).rejects.toMatchObject({ ...limited, retryAfterSeconds: 3 })
    gateway.pass(2)
    await expect(guichetFetch(ME)).rejects.toMatchObject({ ...limited, retryAfterSeconds: 1 })
    expect([naps.length, exchanges()]).toEqual([2, 3])
    gateway.pass(1)
    expect(await status(guichetFetch(ME))).toBe(200)
  })

  it('is not waited for longer than a minute', async () => {
    const { naps, sleep } = napping()
    const date = new Date(Math.floor(gateway.world.now().getTime() / 1000) * 1000 + 61_000)
    front.answerNext(EXCHANGE, busy(503, date.toUTCString()))
    await expect(create({ sleep })(ME)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 61 })
    front.answerNext(EXCHANGE, busy(503, '60'))
    expect(await status(create({ sleep })(ME))).toBe(200)
    expect(naps).toEqual([63_000])
  })

  it('holds up no call that is aborted, while the others wait on', async () => {
    const asleep = Promise.withResolvers<void>()
    const awake = Promise.withResolvers<void>()
    const sleep = () => {
      asleep.resolve()
      return awake.promise
    }
    front.answerNext(EXCHANGE, busy(503, '9'))
    const guichetFetch = create({ sleep })
    const abort = new AbortController()
    const aborted = guichetFetch(ME, { signal: abort.signal })
    const patient = guichetFetch(ME)
    await asleep.promise
    abort.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    await expect(guichetFetch(ME, { signal: abort.signal })).rejects.toThrow('enough')
    awake.resolve()
    expect(await status(patient)).toBe(200)
    expect(front.seenAt(ME)).toHaveLength(1)
  })
})

describe('an error', () => {
  const failure = (guichetFetch: ReturnType<typeof create>) => guichetFetch(ME).catch((thrown) => thrown)

  it('names the code, the status and the request of the gateway', async () => {
    const error = await failure(create({ apiKey: 'gk_wrong' }))
    expect(error.message).toBe('No access token: the gateway answered 401 invalid_api_key.')
    expect(error).toMatchObject({ name: 'GuichetError', code: 'invalid_api_key', status: 401 })
    expect(error.retryAfterSeconds).toBe(undefined)
    expect(gateway.requestLines.map((line) => line.requestId)).toContain(error.requestId)
  })

  it('of a wrong key stands for five seconds, in which the key is not shown again', async () => {
    const guichetFetch = create({ apiKey: 'gk_wrong' })
    await failure(guichetFetch)
    gateway.pass(4)
    expect((await failure(guichetFetch)).code).toBe('invalid_api_key')
    expect(exchanges()).toBe(1)
    gateway.pass(1)
    await failure(guichetFetch)
    expect(exchanges()).toBe(2)
  })

  it('never holds the key, though something at the address sends it back', async () => {
    // One of small letters alone looks like a code.
    for (const apiKey of [gateway.adminKey, `gk_${'a'.repeat(46)}`]) {
      const error = { code: apiKey, message: apiKey }
      front.answerNext(
        EXCHANGE,
        Response.json({ error }, { status: 400, headers: { 'X-Request-Id': apiKey } }),
      )
      const thrown = await failure(create({ apiKey }))
      expect([thrown.code, thrown.requestId]).toEqual(['unexpected_answer', undefined])
      expect(thrown.stack + JSON.stringify(thrown)).not.toContain(apiKey)
    }
  })

  it('comes of an exchange that is redirected, and the key goes no further', async () => {
    const stranger = await startFront(() => new Response('hello'))
    front.answerNext(EXCHANGE, redirect(`${stranger.url}/x`))
    expect(await failure(create())).toMatchObject({ code: 'unexpected_answer', status: 307 })
    expect(stranger.seen).toEqual([])
    await stranger.close()
  })

  it.each([
    '',
    'null',
    '{"data":{"access":1}}',
    '{"data":{"access":"a","access_expire":"x"},"meta":{"timestamp":"y"}}',
  ])('comes of the answer %j', async (body) => {
    front.answerNext(EXCHANGE, new Response(body))
    expect(await failure(create())).toMatchObject({ code: 'unexpected_answer', status: 200 })
  })

  it('says that nobody answers, and the next call tries again', async () => {
    const gone = await startFront(() => new Response())
    await gone.close()
    const guichetFetch = create({ url: gone.url })
    expect(await failure(guichetFetch)).toMatchObject({ code: 'gateway_unreachable', status: undefined })
    expect((await failure(guichetFetch)).cause.message).toBe('fetch failed')
  })

  it.each([{ apiKey: '' }, { url: 'file:///x' }, { url: 'x' }, { origins: ['data:x'] }])(
    'comes at once of the options %o',
    (options) => {
      expect(() => create(options)).toThrow(TypeError)
    },
  )
})
