import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkAuditEvents } from '../../../src/core/audit/upkeep.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

describe('the audit log over HTTP', () => {
  let gateway: TestGateway
  let token: string

  beforeAll(async () => {
    gateway = await createTestGateway()
    for (let index = 0; index < 5; index++) {
      gateway.pass(1)
      token = await gateway.accessToken()
    }
    await linkAuditEvents(gateway.world, 1)
  })

  afterAll(() => gateway.close())

  const get = (query: string) => gateway.call('GET', `/api/v1/audit${query}`, { token })
  type Row = { readonly id: string; readonly seq: number; readonly at: string; readonly kind: string }

  it('is read newest first, page by page, without a gap or a repeat', async () => {
    const whole = (await get('?kind=exchange')).body.data.items as readonly Row[]
    expect(whole).toHaveLength(5)
    expect(whole.map(({ at }) => at)).toEqual(
      whole
        .map(({ at }) => at)
        .toSorted()
        .toReversed(),
    )
    const pages: Row[] = []
    let cursor = ''
    do {
      const { data } = (await get(`?kind=exchange&limit=2${cursor}`)).body
      pages.push(...data.items)
      cursor = data.next_cursor === null ? '' : `&cursor=${data.next_cursor}`
    } while (cursor !== '')
    expect(pages).toEqual(whole)
  })

  it('is filtered by who did it and by when', async () => {
    const [row] = (await get('?kind=exchange&limit=1')).body.data.items
    const among = async (query: string) => (await get(query)).body.data.items.length
    expect(await among(`?session_id=${row.session_id}`)).toBe(1)
    expect(await among(`?request_id=${row.request_id}`)).toBe(1)
    expect(await among(`?key_id=${row.key_id}&client_id=${row.client_id}`)).toBe(5)
    expect(await among(`?from=${row.at}`)).toBe(1)
    expect(await among(`?kind=exchange&to=${row.at}`)).toBe(4)
  })

  it('is followed from a place in the chain, each row once', async () => {
    const first = (await get('?after_seq=0&limit=3')).body.data
    expect(first.items.map(({ seq }: Row) => seq)).toEqual([1, 2, 3])
    const rest = (await get(`?after_seq=${first.next_seq}`)).body.data
    expect(rest.items[0].seq).toBe(4)
    const filtered = (await get('?after_seq=0&kind=key.purge')).body.data
    expect(filtered).toMatchObject({ items: [], next_seq: rest.next_seq })
    gateway.pass(1)
    await gateway.accessToken()
    await linkAuditEvents(gateway.world, 1)
    const later = (await get(`?after_seq=${rest.next_seq}`)).body.data
    expect(later.items.map(({ kind }: Row) => kind)).toEqual(['exchange'])
  })

  it.each([
    '?kind=nothing',
    '?limit=0',
    '?cursor=x',
    '?from=yesterday',
    '?after_seq=-1',
    '?after_seq=1&cursor=x',
  ])('refuses %s', async (query) => {
    expect((await get(query)).body.error.code).toBe('invalid_request')
  })

  it('is verified, in part and as a whole', async () => {
    const whole = (await get('/verify')).body.data
    expect(whole).toMatchObject({ intact: true, complete: true, problem: null, first_seq: 1 })
    expect(whole.checked).toBe(whole.last_seq)
    expect((await get(`/verify?after_seq=${whole.last_seq - 1}`)).body.data.checked).toBe(1)
  })

  it('is for those alone who may read it', async () => {
    const narrow = await gateway.accessToken(undefined, { permissions: ['keys:read'] })
    for (const path of ['/api/v1/audit', '/api/v1/audit/verify']) {
      expect((await gateway.call('GET', path, { token: narrow })).status).toBe(403)
    }
  })
})
