import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { environment } from '../../src/settings/environment.ts'
import { parseSettings } from '../../src/settings/settings.ts'

const root = resolve(import.meta.dirname, '../..')
const text = (file: string) => readFileSync(join(root, file), 'utf8')
const compose = parse(text('compose.yaml'), { merge: true })

/** What the files of deployment give a gateway besides its settings. */
const others = ['NODE_ENV']

function expectSettings(names: readonly string[]): void {
  expect(names.length).toBeGreaterThan(1)
  expect(names.filter((name) => !(name in environment) && !others.includes(name))).toEqual([])
}

describe('the settings that are named', () => {
  it('in compose.yaml are settings, and can be used together', () => {
    const { environment: given } = compose.services['gateway-1']
    expectSettings(Object.keys(given))
    const filled = Object.entries(given).map(([name, value]) => [
      name,
      String(value)
        .replace(/\$\{SITE[^}]*\}/, 'gateway.example.com')
        .replace(/\$\{\w+[^}]*\}/, 'a'.repeat(48)),
    ])
    const settings = parseSettings(Object.fromEntries(filled))
    expect(settings).toMatchObject({ ok: true })
  })

  it('in the Dockerfile and the unit are settings', () => {
    for (const [file, line] of [
      ['Dockerfile', /^ENV (.*)$/m],
      ['deploy/systemd/guichet.service', /^Environment=(.*)$/m],
    ] as const) {
      const [, given = ''] = line.exec(text(file)) ?? []
      expectSettings(given.split(' ').map((assignment) => assignment.split('=')[0] ?? ''))
    }
  })
})

describe('compose.yaml', () => {
  it('asks deploy/compose.env.example for every variable without a default', () => {
    const asked = [...text('compose.yaml').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name)
    const given = [...text('deploy/compose.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name)
    expect([...new Set(asked)].sort()).toEqual(given.sort())
  })

  it('gives a stop more time than the gateway takes', () => {
    const { environment: given, stop_grace_period: period } = compose.services['gateway-1']
    const taken = given.SHUTDOWN_DELAY_SECONDS + given.SHUTDOWN_GRACE_SECONDS
    expect(Number.parseInt(period, 10)).toBeGreaterThan(taken)
  })

  it('lets nobody reach PostgreSQL but the gateways', () => {
    const { postgres, caddy } = compose.services
    expect([postgres.ports, postgres.networks, caddy.networks]).toEqual([undefined, ['back'], ['front']])
    expect(compose.networks.back.internal).toBe(true)
  })
})
