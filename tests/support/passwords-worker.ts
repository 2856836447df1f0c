import { workerPasswords } from '../../src/runtime/passwords/worker-passwords.ts'

const passwords = workerPasswords()

/** A Worker that is nothing but its passwords: it hashes, or verifies, what the request says. */
export default {
  async fetch(request: Request): Promise<Response> {
    const { password, hash }: { password: string; hash?: string } = await request.json()
    switch (new URL(request.url).pathname) {
      case '/hash':
        return Response.json(await passwords.hash(password))
      case '/verify':
        return Response.json(await passwords.verify(password, hash))
      case '/describe':
        return Response.json(passwords.describe(hash ?? ''))
      default:
        return Response.json((await passwords.common()).has(password))
    }
  },
}
