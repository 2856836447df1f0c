import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})

afterAll(() => gateway.close())

const get = (path: string) => gateway.call('GET', path)

describe('the description of the API', () => {
  it('is the same each time, as JSON and as a page', async () => {
    const [first, second] = [await get('/openapi.json'), await get('/openapi.json')]
    expect(first.headers.get('content-type')).toMatch(/^application\/json/)
    expect(first.body.servers).toEqual([{ url: 'https://gateway.test' }])
    expect(second.text).toBe(first.text)
    const [page, again] = [await get('/docs'), await get('/docs')]
    expect(page.text).toContain('<details')
    expect(page.text).not.toContain('&lt;details')
    expect(again.text).toBe(page.text)
  })

  // Written out for each call it held the process up for seven seconds when nine hundred were asked for at once.
  it('is written out no second time', async () => {
    const paths = ['/openapi.json', '/docs']
    for (const path of paths) await get(path)
    const stringify = vi.spyOn(JSON, 'stringify')
    const encode = vi.spyOn(TextEncoder.prototype, 'encode')
    try {
      for (const path of [...paths, ...paths]) {
        const answer = await gateway.answer(new Request(`http://gateway.test${path}`))
        expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100_000)
      }
      expect(stringify).not.toHaveBeenCalled()
      expect(encode.mock.calls.filter(([text = '']) => text.length > 10_000)).toEqual([])
    } finally {
      vi.restoreAllMocks()
    }
  })
})
