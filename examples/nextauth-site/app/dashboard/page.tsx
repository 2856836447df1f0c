import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { currentSession } from '@/lib/current-session'
import { type GuichetUser, whoIs } from '@/lib/guichet'
import { readLanguage, readWords } from '@/lib/language'
import type { Words } from '@/lib/words'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readWords()).dashboard.title }
}

/** Made anew for each request, by asking Guichet: a session that was ended there is over here. */
export default async function DashboardPage() {
  const words = await readWords()
  const session = await currentSession()
  if (session === undefined) redirect('/sign-in')
  const user = await whoIs(session.accessToken)
  if (user.ok) return <Account user={user.value} words={words} language={await readLanguage()} />
  const passing = user.problem.kind === 'unreachable' || user.problem.kind === 'wait'
  if (!passing) redirect('/session-ended')
  return (
    <section className="card wide">
      <h1>{words.dashboard.title}</h1>
      <p className="note bad" role="alert">
        {words.dashboard.unreachable}
      </p>
    </section>
  )
}

function Account({ user, words, language }: { user: GuichetUser; words: Words; language: string }) {
  const { dashboard } = words
  const since = new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(user.created_at))
  const facts: readonly (readonly [string, string | null, string?])[] = [
    [dashboard.facts.name, [user.name, user.surname].filter(Boolean).join(' ')],
    [dashboard.facts.email, user.email, user.email_confirmed ? dashboard.confirmed : dashboard.unconfirmed],
    [dashboard.facts.username, user.username],
    [dashboard.facts.role, user.role],
    [dashboard.facts.since, since],
    [dashboard.facts.id, user.id],
  ]
  return (
    <section className="card wide">
      <h1>{dashboard.hello.replace('{name}', user.name ?? user.username ?? '')}</h1>
      <p className="lead">{dashboard.lead}</p>
      <dl>
        {facts.map(([name, value, remark]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value || '–'}{' '}
              {remark && (
                <span className={remark === dashboard.unconfirmed ? 'tag warn' : 'tag'}>{remark}</span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
