import type { DefaultSession } from 'next-auth'

declare module 'next-auth' {
  /** What page script sees. */
  interface Session {
    user: { id: string } & DefaultSession['user']
  }
  interface User {
    accessToken: string
    refreshToken: string
  }
}

declare module 'next-auth/jwt' {
  /** What the sealed cookie holds. */
  interface JWT {
    accessToken: string
    refreshToken: string
  }
}
