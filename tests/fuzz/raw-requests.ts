import fc from 'fast-check'
import { oddPiece } from './odd-texts.ts'

const paths = fc.constantFrom(
  '/x',
  '/api/v1/me',
  '/api/v1/auth/token/',
  '/health/live',
  '/oauth2/token',
  '/auth/login',
  '/admin/1',
  '*',
  '/',
)
const line = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        'GET',
        'POST',
        'PUT',
        'HEAD',
        'OPTIONS',
        'QUERY',
        'CONNECT',
        'TRACE',
        'PRI',
        'get',
        'G\0T',
      ),
      paths,
      fc.constantFrom(
        'HTTP/1.1',
        'HTTP/1.0',
        'HTTP/2.0',
        'HTTP/0.9',
        'HTTP/1.12',
        'http/1.1',
        '',
        'RTSP/1.0',
      ),
    )
    .map((parts) => parts.join(' ')),
  fc
    .tuple(
      fc.constantFrom('GET ', 'GET  ', 'GET\t', ' GET /', ''),
      oddPiece,
      fc.constantFrom(' HTTP/1.1', '\tHTTP/1.1', 'HTTP/1.1'),
    )
    .map((parts) => parts.join('')),
)
const field = fc.oneof(
  fc.constantFrom(
    'Host: a.test',
    'Host: b.test',
    'Host:',
    'Host: a b',
    'Host : a',
    'Connection: close',
    'Connection: keep-alive, Host',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'HTTP2-Settings: AA',
  ),
  fc.constantFrom(
    'Content-Length: 2',
    'Content-Length: 0',
    'Content-Length: 9999',
    'Content-Length: -1',
    'Content-Length: 1e3',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip',
    'Expect: 100-continue',
    'Expect: x',
    'Content-Type: application/json',
    'Content-Encoding: gzip',
    'Authorization: Bearer x',
    'Authorization: \xff',
    'X-Request-Id: \xe9',
  ),
  fc.tuple(oddPiece, oddPiece).map((parts) => parts.join(': ')),
  fc.integer({ min: 100, max: 20_000 }).map((size) => `X-Long: ${'a'.repeat(size)}`),
)
/** One request, or what looks like one. */
export const nearRequest = fc
  .record({
    line,
    fields: fc.array(field, { maxLength: 6 }),
    end: fc.constantFrom('\r\n\r\n', '\n\n', '\r\n', '', '\r\n\r\n{}', '\r\n\r\n0\r\n\r\n', '\r\n \r\n\r\n'),
    host: fc.boolean(),
  })
  .map(
    ({ line: first, fields, end, host }) =>
      [first, ...(host ? ['Host: a.test'] : []), ...fields].join('\r\n') + end,
  )

/** No request at all. */
export const noise = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(fc.uint8Array({ maxLength: 30 }), fc.constant('GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n'))
    .map(([bytes, text]) => new Uint8Array([...bytes, ...Buffer.from(text)])),
  // The first words of others: TLS, HTTP/2, SSH, PROXY, SOCKS, a database.
  fc
    .constantFrom(
      '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04',
      'SSH-2.0-x\r\n',
      'PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\n\r\n',
      '\x05\x01\0',
      '\0\0\0\x08\x04\xd2\x16\x2f',
    )
    .map((text) => new Uint8Array(Buffer.from(text, 'latin1'))),
)

/** Replaced by a number of each run, of the same length: what comes late is known for what it is. */
export const runMark = '######'

const inner = 'GET /smuggled-###### HTTP/1.1\r\nHost: a.test\r\n\r\n'
const framing = fc.constantFrom(
  ...[
    'Content-Length: 4',
    'Content-Length: 0',
    `Content-Length: ${inner.length}`,
    'Content-Length: +4',
    'Content-Length: 4, 4',
    'Content-Length: 0x4',
    'Content-Length: 4\t',
    'Content-Length:\t4',
    'content-length: 004',
    'Content-Length : 4',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'transfer-encoding: Chunked',
    'Transfer-Encoding: chunked ',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: identity',
    'Transfer-Encoding:\x0bchunked',
    'Transfer-Encoding : chunked',
    'Transfer-Encoding:\r\n chunked',
    'Transfer_Encoding: chunked',
    'X: y\r\nTransfer-Encoding: chunked',
    'X: y\nTransfer-Encoding: chunked',
    'X: y\rContent-Length: 4',
    'Transfer-Encoding: "chunked"',
    'TE: trailers',
    'Connection: Content-Length',
    'Connection: Transfer-Encoding',
    'Expect: 100-continue',
    'X: a\0b',
    ' Content-Length: 4',
  ],
)
const chunk = fc.oneof(
  fc.constantFrom(
    '3\r\nabc\r\n',
    '0\r\n\r\n',
    '0\r\n',
    '003\r\nabc\r\n',
    '3;a=b\r\nabc\r\n',
    '3;a="\r\nabc\r\n',
    '3 \r\nabc\r\n',
    ' 3\r\nabc\r\n',
    '3\nabc\n',
    '3\r\nabcd\r\n',
    '-1\r\n',
    '0x3\r\nabc\r\n',
    'ffffffffffffffff1\r\n',
    '\r\n',
    '0\r\nContent-Length: 4\r\n\r\n',
    '0\r\nX\r\n\r\n',
    `${inner.length.toString(16)}\r\n`,
    'a',
  ),
  fc.constant(`${inner.length.toString(16)}\r\n${inner}\r\n`),
  fc.constant(inner),
  fc.constant('abcd'),
)
/** Another request, as the body of one that is in order: it is a body, whoever looks at it. */
const inOrder = fc.constantFrom(
  `POST /r-${runMark} HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  `POST /r-${runMark} HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
)

const unclear = fc
  .record({
    method: fc.constantFrom('POST', 'GET', 'DELETE', 'PUT'),
    path: fc.constantFrom('/r-######', '/admin/r-######'),
    framings: fc.array(framing, { maxLength: 3 }),
    body: fc.array(chunk, { maxLength: 4 }),
  })
  .map(
    ({ method, path, framings, body }) =>
      `${[`${method} ${path} HTTP/1.1`, 'Host: a.test', ...framings].join('\r\n')}\r\n\r\n${body.join('')}`,
  )

/** A request whose end is in doubt, or looks so, with another one in its body. */
export const doubtful = fc.oneof({ weight: 3, arbitrary: unclear }, { weight: 1, arbitrary: inOrder })

/** The last one of a connection. */
export const lastRequest = 'GET /last-###### HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'
