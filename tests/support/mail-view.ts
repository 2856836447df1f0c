import { createServer } from 'node:http'
import { listenSomewhere } from './listen-somewhere.ts'
import type { Mailbox } from './mailbox.ts'

/** Shows the mails of a mailbox as Mailpit's `/view/latest.txt?query=to:"…" subject:"…"` does. */
export async function openMailView({ mails }: Pick<Mailbox, 'mails'>): Promise<{
  readonly url: string
  readonly close: () => Promise<void>
}> {
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://mails').searchParams.get('query') ?? ''
    const [, to = '', subject = ''] = /^to:"(.*)" subject:"(.*)"$/.exec(query) ?? []
    const speaks = (text = '') => text.toLowerCase().includes(subject.toLowerCase())
    const mail = mails.findLast((one) => one.recipients.includes(to) && speaks(one.subject))
    response.writeHead(mail === undefined ? 404 : 200, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.end(mail?.text)
  })
  const { port, close } = await listenSomewhere(server)
  return { url: `http://127.0.0.1:${port}`, close }
}
