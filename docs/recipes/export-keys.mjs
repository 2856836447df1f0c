// Writes the public keys that Guichet signs with as PEM: `node export-keys.mjs http://127.0.0.1:3000 /etc/haproxy`.
import { createPublicKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [guichet, folder] = process.argv.slice(2)
const { keys } = await (await fetch(`${guichet}/.well-known/jwks.json`)).json()
const pems = keys
  .filter(({ alg }) => alg === 'ES256')
  .map((key) => createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' }))
if (pems.length === 0) throw new Error('There is no ES256 key: is SIGNING_ALG another?')
// haproxy-jwt.cfg names three files: the newest keys, the newest of all where there are fewer.
for (const index of [0, 1, 2]) {
  writeFileSync(join(folder, `guichet-${index + 1}.pem`), pems.at(-1 - index) ?? pems.at(-1))
}
