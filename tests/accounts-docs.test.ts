import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { startGatewayProcess } from './support/gateway-process.ts'
import { linkIn, openMailbox } from './support/mailbox.ts'

const docs = resolve(import.meta.dirname, '../docs')
const page = (name: string) => readFile(resolve(docs, name), 'utf8')
const examples = (markdown: string) =>
  [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code = '']) => code)

describe('the page of accounts', () => {
  it('shows calls that work as they are pasted', async () => {
    const [register = '', confirm, use] = examples(await page('accounts.md'))
    const mailbox = await openMailbox()
    const gateway = await startGatewayProcess({
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'Accounts <no-reply@accounts.test>',
      PUBLIC_URL: 'https://accounts.test',
    })
    const shell = async (code: string, env: Readonly<Record<string, string>> = {}) => {
      const script = code.replaceAll('http://localhost:3000', gateway.url)
      const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
        env: { PATH: process.env['PATH'], ...env },
      })
      return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    }
    try {
      expect(await shell(register)).toMatchObject([{ data: { confirmation: 'required' } }])
      const link = linkIn(await mailbox.next('ada@example.com'))
      const TOKEN = new URLSearchParams(link.hash.slice(1)).get('token')!
      // The helper of the first block, and none of its calls.
      const [helper] = register.split('\n\n')
      const [confirmed, me, edited, sessions, renewed, ...rest] = await shell(
        [helper, confirm, use].join('\n'),
        { TOKEN },
      )
      expect(confirmed.data).toEqual({ confirmed: true })
      expect(me.data.user.email).toBe('ada@example.com')
      expect(edited.data).toMatchObject({ locale: 'fr', metadata: { team: 'engines' } })
      expect(sessions.data.items).toHaveLength(1)
      expect(Object.keys(renewed.data)).toContain('refresh')
      // Signing out answers nothing.
      expect(rest).toEqual([])
    } finally {
      await gateway.remove()
      await mailbox.close()
    }
  })

  it('shows the same calls in both languages', async () => {
    const [english, french] = [await page('accounts.md'), await page('fr/comptes.md')]
    expect(examples(french)).toEqual(examples(english))
    const calls = (markdown: string) =>
      new Set(markdown.replace(/\s+/g, ' ').match(/`(?:GET|POST|PATCH|DELETE) \/[^`]+`/g))
    expect([...calls(english)].filter((call) => !calls(french).has(call))).toEqual([])
  })
})
