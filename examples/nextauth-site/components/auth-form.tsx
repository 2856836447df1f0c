'use client'

import Link from 'next/link'
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import type { Outcome } from '@/hooks/use-auth'
import type { Problem } from '@/lib/problems'
import type { Words } from '@/lib/words'

interface AuthFormProps {
  readonly words: Words
  readonly texts: Words['signIn']
  /** The way to the other form. */
  readonly other: string
  /** Something to be told before anything was done. */
  readonly note?: string | undefined
  /** Where to go once signed in. */
  readonly target: string
  readonly send: (said: (name: string) => string) => Promise<Outcome>
  readonly fields: (problemOf: (name: string) => string | undefined) => ReactNode
}

/** A form that signs in, whichever it is: it sends once, says what went wrong, and puts the keyboard there. */
export function AuthForm({ words, texts, other, note, target, send, fields }: AuthFormProps) {
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setBusy] = useState(false)
  const [mailedTo, setMailedTo] = useState<string>()
  const form = useRef<HTMLFormElement>(null)
  const alert = useRef<HTMLParagraphElement>(null)

  useEffect(() => {
    if (problem === undefined) return
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')
    ;(wrong ?? alert.current)?.focus()
  }, [problem])

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (isBusy) return
    const data = new FormData(event.currentTarget)
    const said = (name: string) => String(data.get(name) ?? '')
    setBusy(true)
    const outcome = await send(said)
    // A whole new page: nothing of the signed-out one is left.
    if (outcome.kind === 'signed_in') return window.location.assign(target)
    setBusy(false)
    if (outcome.kind === 'mailed') setMailedTo(said('email'))
    else setProblem(outcome.problem)
  }

  if (mailedTo !== undefined) {
    return (
      <section className="card" aria-live="polite">
        <h1>{words.mailed.title}</h1>
        <p className="lead">{words.mailed.text.replace('{email}', mailedTo)}</p>
      </section>
    )
  }
  const problemOf = (name: string) => {
    const found = problem?.fields?.find(({ field }) => field === name)
    return found && words.fieldProblems[found.kind].replace('{min}', String(found.minLength))
  }
  return (
    <section className="card">
      <h1>{texts.title}</h1>
      <p className="lead">{texts.lead}</p>
      {note && problem === undefined && <p className="note">{note}</p>}
      {problem && (
        <p className="note bad" role="alert" tabIndex={-1} ref={alert}>
          {words.problems[problem.kind].replace('{seconds}', String(problem.waitSeconds ?? 60))}
        </p>
      )}
      {/* By POST, so that no password gets into an address where script has not run. */}
      <form method="post" onSubmit={submit} ref={form} noValidate aria-busy={isBusy}>
        {fields(problemOf)}
        <button type="submit" disabled={isBusy}>
          {isBusy ? words.busy : texts.button}
        </button>
      </form>
      <p className="other">
        <Link href={other}>{texts.other}</Link>
      </p>
    </section>
  )
}
