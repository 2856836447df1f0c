import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import type { GatewayRules } from '../../src/gateway/rules.ts'
import { readRules } from '../../src/runtime/rules-source.ts'
import { watchRules } from '../../src/runtime/rules-watch.ts'

describe('the watch on the file of routes', () => {
  it('sees a change that was made before it began, and none where there was none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'guichet-test-watch-'))
    const source = { kind: 'file', path: join(folder, 'routes.yaml') } as const
    const put = async (path: string) => {
      await writeFile(source.path, `routes: [{ path: ${path}, public: true }]`)
      const rules = await readRules(source)
      if (!rules.ok) throw new Error(rules.failure.join())
      return rules.value
    }
    const lines: unknown[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(line) })
    const replaced: GatewayRules[] = []
    const replace = (rules: GatewayRules) => void replaced.push(rules)
    const first = await put('/first')
    const second = await put('/second')
    const unwatch = [second, first].map((present) => watchRules(source, { present, logger, replace }))
    try {
      await expect.poll(() => replaced).toEqual([second])
      expect(lines).toHaveLength(1)
    } finally {
      for (const end of unwatch) end()
      await rm(folder, { recursive: true })
    }
  })
})
