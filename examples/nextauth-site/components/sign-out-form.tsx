'use client'

import Link from 'next/link'
import { useState } from 'react'
import { useAuth } from '@/hooks/use-auth'
import type { Words } from '@/lib/words'

export function SignOutForm({ words }: { words: Words }) {
  const { signOut } = useAuth()
  const [isBusy, setBusy] = useState(false)
  const { title, lead, button, stay } = words.signOut
  return (
    <section className="card">
      <h1>{title}</h1>
      <p className="lead">{lead}</p>
      <form
        method="post"
        onSubmit={async (event) => {
          event.preventDefault()
          setBusy(true)
          await signOut()
        }}
      >
        <button type="submit" disabled={isBusy}>
          {isBusy ? words.busy : button}
        </button>
      </form>
      <p className="other">
        <Link href="/dashboard">{stay}</Link>
      </p>
    </section>
  )
}
