import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { native } from '../src/dialects/native/native.ts'
import { openMailView } from './support/mail-view.ts'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import { failuresOf, type PostmanRun, runPostman, startPostmanRun } from './support/postman.ts'

/** The routes of people, and not those of machines. */
const isOfPeople = (path: string) => /^\/(?:me|users|roles|auth\/(?!token))/.test(path)

const asPattern = (path: string) => new RegExp(`^/api/v1${path.replace(/\{\w+\}/g, '[^/]+')}$`)

describe('the folder of accounts', () => {
  let mailbox: Mailbox
  let running: PostmanRun
  let mailpit: Awaited<ReturnType<typeof openMailView>>

  beforeAll(async () => {
    mailbox = await openMailbox()
    mailpit = await openMailView(mailbox)
    running = await startPostmanRun({
      SMTP_URL: mailbox.url,
      MAIL_FROM: 'Accounts <no-reply@accounts.test>',
      PUBLIC_URL: 'https://accounts.test',
    })
  })

  afterAll(async () => {
    await running?.remove()
    await mailpit?.close()
    await mailbox?.close()
  })

  it('passes every one of its assertions, and asks every route of people', async () => {
    const variables = { mailpitUrl: mailpit.url }
    const result = await runPostman(running, { folder: 'Accounts', variables })
    expect(failuresOf(result)).toEqual([])
    const silent = result.executions.filter(({ response }) => response === undefined)
    expect(silent.map(({ item }) => item.name)).toEqual([])

    const asked = result.executions.map(({ request }) => ({
      method: request.method,
      path: request.url.getPath(),
    }))
    const forgotten = native.endpoints.filter(({ method, path }) => {
      const pattern = asPattern(path)
      return !asked.some((one) => one.method === method.toUpperCase() && pattern.test(one.path))
    })
    expect(forgotten.map(({ path }) => path).filter(isOfPeople)).toEqual([])
    // Seventy requests, many with a slow hash, and ten mails that are waited for.
  }, 60_000)

  it('leaves out what needs a mail where it cannot read any', async () => {
    const result = await runPostman(running, { folder: 'Accounts' })
    expect(failuresOf(result)).toEqual([])
    const names = result.executions.map(({ item }) => item.name)
    expect(names).toContain('Delete a user')
    expect(names).not.toContain('Confirm the address')
  })
})
