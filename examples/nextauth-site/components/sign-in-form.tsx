'use client'

import { useAuth } from '@/hooks/use-auth'
import type { Words } from '@/lib/words'
import { AuthForm } from './auth-form'
import { Field } from './field'

export function SignInForm({
  words,
  target,
  note,
}: {
  words: Words
  target: string
  note?: string | undefined
}) {
  const { signIn } = useAuth()
  return (
    <AuthForm
      words={words}
      texts={words.signIn}
      other="/sign-up"
      note={note}
      target={target}
      send={(said) => signIn(said('identifier'), said('password'))}
      fields={() => (
        <>
          <Field
            name="identifier"
            words={words}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
          />
          <Field
            name="password"
            words={words}
            type="password"
            autoComplete="current-password"
            hasHint={false}
          />
        </>
      )}
    />
  )
}
