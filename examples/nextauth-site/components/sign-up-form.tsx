'use client'

import { useAuth } from '@/hooks/use-auth'
import type { Words } from '@/lib/words'
import { AuthForm } from './auth-form'
import { Field } from './field'

export function SignUpForm({ words }: { words: Words }) {
  const { signUp } = useAuth()
  return (
    <AuthForm
      words={words}
      texts={words.signUp}
      other="/sign-in"
      target="/dashboard"
      send={(said) =>
        signUp({
          name: said('name'),
          surname: said('surname'),
          email: said('email'),
          username: said('username'),
          password: said('password'),
        })
      }
      fields={(problemOf) => (
        <>
          <div className="pair">
            <Field name="name" words={words} autoComplete="given-name" problem={problemOf('name')} />
            <Field name="surname" words={words} autoComplete="family-name" problem={problemOf('surname')} />
          </div>
          <Field name="email" words={words} type="email" autoComplete="email" problem={problemOf('email')} />
          <Field
            name="username"
            words={words}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            problem={problemOf('username')}
          />
          <Field
            name="password"
            words={words}
            type="password"
            autoComplete="new-password"
            problem={problemOf('password')}
          />
        </>
      )}
    />
  )
}
