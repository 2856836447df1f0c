import type { UpstreamCall, UpstreamFault, UpstreamOutcome } from '../../http/wire.ts'
import { faultOf, fetcherOf, headersOf, urlOf, type WorkerSurroundings } from './worker-fetch.ts'
import { holdStream } from './worker-lease.ts'

/** Carries a call to its upstream by the platform's fetch; the answer's body flows on after this has resolved. */
export async function sendByFetch(
  request: Request,
  call: UpstreamCall,
  { bindings, keepStreamsHonest }: WorkerSurroundings,
): Promise<UpstreamOutcome> {
  const fetchUpstream = fetcherOf(call.address, bindings)
  if (fetchUpstream === undefined) return failed('unreachable', 'there is no service binding of this name')
  const lengthBytes = lengthOf(request.headers)
  if (lengthBytes !== undefined && lengthBytes > call.bodyMaxBytes)
    return failed('body_too_large', 'by its Content-Length')

  const giveUp = new AbortController()
  let fault: UpstreamFault | undefined
  let headCame = false
  const clock = countdown((why) => stop(why))
  const response = await fetchHead().catch((error: unknown) =>
    fault === undefined ? faultOf(error) : failed(fault, 'given up'),
  )
  headCame = true
  clock.stop()
  return 'kind' in response ? response : answer(response)

  async function fetchHead(): Promise<Response> {
    const { body } = request
    // The platform tells nothing of connections, so what they may take is added.
    const headMs = call.timeouts.connectMs + call.timeouts.firstByteMs
    if (body === null) clock.start('first_byte_timeout', headMs)
    return fetchUpstream?.(urlOf(call.address, call.target), {
      method: call.method,
      headers: headersOf(call.fields),
      redirect: 'manual',
      // A compressed body passes as it is: this opens none.
      encodeResponseBody: 'manual',
      signal: giveUp.signal,
      ...(body === null ? {} : { body: counted(body, headMs) }),
    }) as Promise<Response>
  }

  function counted(body: ReadableStream<Uint8Array>, headMs: number): ReadableStream<Uint8Array> {
    let sizeBytes = 0
    clock.start('idle_timeout', call.timeouts.idleMs)
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        clock.start('idle_timeout', call.timeouts.idleMs)
        sizeBytes += piece.byteLength
        if (sizeBytes > call.bodyMaxBytes) stop('body_too_large')
        else controller.enqueue(piece)
      },
      flush: () => (headCame ? clock.stop() : clock.start('first_byte_timeout', headMs)),
    })
    return withLength(body.pipeThrough(counter), lengthBytes)
  }

  function answer(response: Response): UpstreamOutcome {
    const { status } = response
    const headers = headersOf(call.answerFields(status, [...response.headers].flat()))
    const init = { status, headers, encodeBody: 'manual' } as const
    const isEventStream = response.headers.get('content-type')?.toLowerCase().startsWith('text/event-stream')
    const lease = isEventStream ? call.onStream : undefined
    const body = response.body === null ? null : watched(response.body, lease)
    const sized = body === null ? null : withLength(body, lengthOf(response.headers))
    return { kind: 'answered', status, response: new Response(sized, init), complete: true }
  }

  /** The body under its clock and its lease. What breaks it breaks the client's as well: it never looks like an end. */
  function watched(
    body: ReadableStream<Uint8Array>,
    lease: UpstreamCall['onStream'],
  ): ReadableStream<Uint8Array> {
    const { idleMs } = call.timeouts
    if (lease === undefined && idleMs === 0) return body
    const bodyClock = countdown((why) => giveUp.abort(why))
    const release = holdStream(lease, {
      keepHonest: keepStreamsHonest,
      onCut: (reason) => giveUp.abort(reason),
    })
    const over = () => {
      bodyClock.stop()
      release()
    }
    // A client that goes takes this request's whole context with it; the signal is the last that is heard.
    request.signal.addEventListener('abort', over, { once: true })
    bodyClock.start('idle_timeout', idleMs)
    const passage = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        bodyClock.start('idle_timeout', idleMs)
        controller.enqueue(piece)
      },
    })
    void body.pipeTo(passage.writable, { signal: giveUp.signal }).then(over, over)
    return passage.readable
  }

  function stop(why: UpstreamFault): void {
    fault ??= why
    giveUp.abort(why)
  }
}

interface Countdown {
  /** Starts anew; 0 waits for ever. */
  readonly start: (fault: UpstreamFault, afterMs: number) => void
  readonly stop: () => void
}

function countdown(onEnd: (fault: UpstreamFault) => void): Countdown {
  let timer: ReturnType<typeof setTimeout> | undefined
  return {
    start(fault, afterMs) {
      clearTimeout(timer)
      timer = afterMs > 0 ? setTimeout(() => onEnd(fault), afterMs) : undefined
    },
    stop: () => clearTimeout(timer),
  }
}

function lengthOf(headers: Headers): number | undefined {
  const text = headers.get('content-length') ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** The platform frames by what it knows of a stream: without this each body would go out in chunks. */
function withLength(
  body: ReadableStream<Uint8Array>,
  lengthBytes: number | undefined,
): ReadableStream<Uint8Array> {
  return lengthBytes === undefined ? body : body.pipeThrough(new FixedLengthStream(lengthBytes))
}

function failed(fault: UpstreamFault, detail: string): UpstreamOutcome {
  return { kind: 'failed', fault, detail }
}
