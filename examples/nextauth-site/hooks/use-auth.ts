'use client'

import { signIn as signInThere, signOut as signOutThere, useSession } from 'next-auth/react'
import type { Registration } from '@/lib/guichet'
import { type Problem, readProblem } from '@/lib/problems'

/** What became of an attempt: the person is in, has a mail to look for, or was refused. */
export type Outcome =
  | { readonly kind: 'signed_in' }
  | { readonly kind: 'mailed' }
  | { readonly kind: 'refused'; readonly problem: Problem }

/** Who is signed in, and the ways in and out. It knows names and no token: those stay in the cookie. */
export function useAuth() {
  const { data, status } = useSession()
  return { user: data?.user, status, signIn, signUp, signOut }
}

async function signIn(identifier: string, password: string): Promise<Outcome> {
  const result = await signInThere('credentials', { identifier, password, redirect: false }).catch(
    () => undefined,
  )
  if (result?.ok && !result.error) return { kind: 'signed_in' }
  return { kind: 'refused', problem: readProblem(result?.error ?? '') }
}

async function signUp(registration: Registration): Promise<Outcome> {
  try {
    const answer = await fetch('/api/signup', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(registration),
    })
    const body = await answer.json()
    if (!answer.ok) return { kind: 'refused', problem: body }
    return { kind: body.signedIn ? 'signed_in' : 'mailed' }
  } catch {
    return { kind: 'refused', problem: { kind: 'unreachable' } }
  }
}

async function signOut(): Promise<void> {
  await signOutThere({ callbackUrl: '/sign-in' })
}
