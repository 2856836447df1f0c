import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { Header } from '@/components/header'
import { Providers } from '@/components/providers'
import { currentSession, sessionToShow } from '@/lib/current-session'
import { readLanguage } from '@/lib/language'
import { words } from '@/lib/words'
import './globals.css'

export async function generateMetadata(): Promise<Metadata> {
  const { site, home } = words[await readLanguage()]
  return { title: { default: site, template: `%s · ${site}` }, description: home.lead }
}

export default async function Layout({ children }: { children: ReactNode }) {
  const language = await readLanguage()
  const session = await currentSession()
  return (
    <html lang={language}>
      <body>
        <a className="skip" href="#content">
          {words[language].skip}
        </a>
        <Providers session={session ? sessionToShow(session) : null}>
          <Header words={words[language]} />
          <main id="content">{children}</main>
        </Providers>
      </body>
    </html>
  )
}
