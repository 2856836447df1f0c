'use client'

import Link from 'next/link'
import { useAuth } from '@/hooks/use-auth'
import type { Words } from '@/lib/words'

/** The name of the site, who is signed in, and the other language. */
export function Header({ words }: { words: Words }) {
  const { user } = useAuth()
  const { code, name } = words.otherLanguage
  return (
    <header className="bar">
      <Link href="/" className="brand">
        <svg viewBox="0 0 24 24" aria-hidden="true" width="26" height="26">
          <circle cx="12" cy="12" r="12" fill="var(--accent)" />
          <path
            d="M6 12h1.5M9 8.5v7M12 6v12M15 9.5v5M18 12h-.5"
            stroke="#fff"
            strokeWidth="1.8"
            strokeLinecap="round"
          />
        </svg>
        {words.site}
      </Link>
      <nav>
        {user ? (
          <>
            <Link href="/dashboard">{user.name ?? words.dashboard.title}</Link>
            <Link href="/sign-out" prefetch={false}>
              {words.signOut.title}
            </Link>
          </>
        ) : (
          <Link href="/sign-in">{words.signIn.title}</Link>
        )}
        {/* No Link: the whole page changes its language. */}
        <a href={`?lang=${code}`} lang={code} hrefLang={code}>
          {name}
        </a>
      </nav>
    </header>
  )
}
