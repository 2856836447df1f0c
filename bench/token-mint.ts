import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'

/** The key pair of the peers, and tokens for those of them that verify without having issued. */
export interface TokenMint {
  readonly privatePem: string
  readonly publicPem: string
  readonly mint: (count: number) => readonly string[]
}

const TTL_SECONDS = 3600

/** Tokens with the claims that Guichet's have, so that they are as long. */
export function createTokenMint(): TokenMint {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = encode({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' })
  const mintOne = () => {
    const now = Math.floor(Date.now() / 1000)
    const client = randomUUID()
    const text = `${header}.${encode({
      iss: 'bench',
      aud: 'bench',
      sub: client,
      client_id: client,
      key_id: 'k3yk3yk3yk3y',
      sid: randomUUID(),
      jti: randomUUID(),
      scope: 'orders:read',
      iat: now,
      exp: now + TTL_SECONDS,
    })}`
    const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }
  return {
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    mint: (count) => Array.from({ length: count }, mintOne),
  }
}
