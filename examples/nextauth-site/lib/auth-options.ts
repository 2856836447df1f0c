import type { AuthOptions } from 'next-auth'
import CredentialsProvider from 'next-auth/providers/credentials'
import { type GuichetTokens, type GuichetUser, signIn, signOut, whoIs } from './guichet'
import { writeProblem } from './problems'
import { sessionMaxAgeSeconds } from './session-cookie'

export const authOptions: AuthOptions = {
  secret: process.env.NEXTAUTH_SECRET,
  session: { strategy: 'jwt', maxAge: sessionMaxAgeSeconds },
  pages: { signIn: '/sign-in', signOut: '/sign-out', error: '/sign-in' },
  providers: [
    CredentialsProvider({
      credentials: { identifier: { type: 'text' }, password: { type: 'password' } },
      async authorize(credentials, request) {
        const { identifier = '', password = '' } = credentials ?? {}
        const tokens = await signIn({ identifier, password }, (name) => request.headers?.[name])
        // NextAuth hands the message to the form, which has a text for it.
        if (!tokens.ok) throw new Error(writeProblem(tokens.problem))
        const user = await whoIs(tokens.value.access_token)
        if (!user.ok) throw new Error(writeProblem(user.problem))
        return sessionOf(user.value, tokens.value)
      },
    }),
  ],
  callbacks: {
    // The tokens are put into the sealed cookie here. They are renewed in proxy.ts, where a cookie can always be set.
    jwt: ({ token, user }) => (user ? { ...token, ...user, sub: user.id } : token),
    // What page script may know. No token is among it.
    session: ({ session, token }) => ({
      expires: session.expires,
      user: { id: token.sub ?? '', name: token.name ?? null, email: token.email ?? null },
    }),
  },
  events: {
    /** The cookie goes by itself; this ends the session at Guichet, so that a copy of it is good for nothing. */
    async signOut({ token }) {
      if (token?.accessToken) await signOut(token.accessToken)
    },
  },
}

/** What the sealed cookie holds of somebody who has signed in. */
export function sessionOf(user: GuichetUser, tokens: GuichetTokens) {
  return {
    id: user.id,
    name: [user.name, user.surname].filter(Boolean).join(' ') || user.username,
    email: user.email,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
  }
}
