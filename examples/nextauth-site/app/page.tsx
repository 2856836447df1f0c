import Link from 'next/link'
import { readWords } from '@/lib/language'

export default async function Home() {
  const { home, signUp } = await readWords()
  return (
    <section className="hero">
      <h1>{home.title}</h1>
      <p className="lead">{home.lead}</p>
      <p className="actions">
        <Link className="button" href="/dashboard" prefetch={false}>
          {home.open}
        </Link>
        <Link href="/sign-up">{signUp.title}</Link>
      </p>
    </section>
  )
}
