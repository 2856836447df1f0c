import { execFile } from 'node:child_process'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type JWTHeaderParameters, SignJWT } from 'jose'
import type { ProxyRecipe } from './start-proxy.ts'

const run = promisify(execFile)
const exportKeys = resolve(import.meta.dirname, '../../docs/recipes/export-keys.mjs')

const nginx: ProxyRecipe = {
  name: 'nginx',
  files: ['nginx.conf'],
  command: (folder) => ['nginx', '-p', folder, '-c', join(folder, 'main.conf'), '-e', 'stderr'],
  // The recipe is for conf.d: what Debian's own nginx.conf says around it.
  prepare: (folder) => writeFile(join(folder, 'main.conf'), nginxMain(folder)),
}

function nginxMain(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return [
    'daemon off;',
    // As root its workers would be nobody, and locked out of the folder.
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    `pid ${folder}/nginx.pid;`,
    'error_log stderr warn;',
    'events {}',
    'http {',
    'access_log off;',
    ...temporary.map((name) => `${name}_temp_path ${folder}/temp/${name};`),
    `include ${folder}/nginx.conf;`,
    '}',
  ].join('\n')
}

const caddy: ProxyRecipe = {
  name: 'Caddy',
  files: ['Caddyfile'],
  command: () => ['caddy', 'run', '--config', 'main', '--adapter', 'caddyfile'],
  // Without its port for administration, which another one may hold.
  prepare: (folder) => writeFile(join(folder, 'main'), '{\n\tadmin off\n}\nimport Caddyfile\n'),
  env: (folder) => ({ HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }),
}

const haproxy: ProxyRecipe = {
  name: 'HAProxy',
  files: ['haproxy.cfg', 'guichet.lua'],
  command: () => ['haproxy', '-db', '-f', 'haproxy.cfg'],
}

/** Those that ask Guichet about every call. */
export const askingProxies = [nginx, caddy, haproxy]

/** HAProxy with the public keys, which asks nobody: those of Guichet, and one of the test's own beside them. */
export function verifyingProxy(guichetUrl: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  let keyFile = ''
  const recipe: ProxyRecipe = {
    name: 'HAProxy by itself',
    files: ['haproxy-jwt.cfg'],
    command: () => ['haproxy', '-db', '-f', 'haproxy-jwt.cfg'],
    prepare: async (folder) => {
      await run(process.execPath, [exportKeys, guichetUrl, folder])
      // Where a rotation has its other key.
      keyFile = join(folder, 'guichet-2.pem')
      await writeFile(keyFile, pem)
    },
  }
  return { recipe, forge: forgeWith(privateKey, () => keyFile) }
}

/** Makes tokens as Guichet does, but for what is said. */
function forgeWith(privateKey: KeyObject, keyFile: () => string) {
  return ({ header = {}, claims = {} }: { readonly header?: object; readonly claims?: object } = {}) => {
    const head: JWTHeaderParameters = { alg: 'ES256', typ: 'at+jwt', ...header }
    const jwt = new SignJWT({
      iss: 'https://guichet.example',
      aud: 'https://api.example',
      sub: 'forged',
      scope: 'orders:read',
      exp: Math.floor(Date.now() / 1000) + 60,
      ...claims,
    }).setProtectedHeader(head)
    // To HAProxy the name of a key is a path, or a shared secret.
    return jwt.sign(head.alg === 'HS256' ? Buffer.from(keyFile()) : privateKey)
  }
}
