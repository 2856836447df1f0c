import { createServer } from 'node:http'

const sizes: Record<string, number> = JSON.parse(process.env['UPSTREAM_FILES'] ?? '{}')
const bodies = new Map(Object.entries(sizes).map(([path, bytes]) => [path, Buffer.alloc(bytes, 'x')]))

createServer((request, response) => {
  const body = bodies.get(request.url ?? '')
  response.writeHead(body === undefined ? 404 : 200, { 'content-length': body?.length ?? 0 })
  response.end(body)
}).listen(Number(process.env['PORT']), '127.0.0.1')
