import type { Lease, SocketCall, UpstreamCall } from '../../src/http/wire.ts'
import { workerWire } from '../../src/runtime/worker/worker-wire.ts'

/** What a test asks of the wire, in the field `X-Call`. */
export type WireOrder = Omit<UpstreamCall, 'answerFields' | 'onStream'> &
  Omit<SocketCall, 'answerFields' | 'onStream'> & {
    /** Cuts the stream at this look of `keepStreamsHonest`. */
    readonly cutAtLook: number | undefined
  }

const counts = { openLeases: 0 }

/** A Worker that is nothing but the wire: it carries each request to where the request itself says. */
export default {
  async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === '/counts') return Response.json(counts)
    const order: WireOrder = JSON.parse(request.headers.get('x-call') ?? '')
    let looks = 0
    let cutNow: Parameters<Lease>[0] | undefined
    const wire = workerWire(request, {
      peer: undefined,
      trustedProxies: [],
      bindings: { API: api },
      async keepStreamsHonest() {
        if (++looks === order.cutAtLook) cutNow?.('token_revoked')
      },
    })
    const onStream: Lease = (cut) => {
      counts.openLeases++
      cutNow = cut
      return () => {
        counts.openLeases--
      }
    }
    const outcome =
      wire.connect === undefined
        ? await wire.send({
            ...order,
            onStream,
            answerFields: (_status, fields) => [...fields, 'X-Answer', 'passed'],
          })
        : await wire.connect({ ...order, onStream, answerFields: ['X-Answer', 'passed'] })
    if (outcome.kind === 'answered') return outcome.response
    if (outcome.kind === 'failed')
      return new Response(outcome.detail, { status: 502, headers: { 'X-Fault': outcome.fault } })
    const headers = new Headers()
    for (let index = 0; index < outcome.fields.length; index += 2)
      headers.append(outcome.fields[index]!, outcome.fields[index + 1]!)
    return new Response(outcome.body, { status: outcome.status, headers })
  },
}

/** The service behind the binding: it says what it was asked. */
const api = {
  async fetch(input: string) {
    const { pathname, search } = new URL(input)
    return Response.json({ target: pathname + search })
  },
}
