import type { Metadata } from 'next'
import { SignInForm } from '@/components/sign-in-form'
import { readWords } from '@/lib/language'
import { pathOfThisSite } from '@/lib/site-url'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readWords()).signIn.title }
}

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<{ readonly from?: string | string[]; readonly ended?: string }>
}) {
  const words = await readWords()
  const { from, ended } = await searchParams
  const target = pathOfThisSite(typeof from === 'string' ? from : undefined)
  return <SignInForm words={words} target={target} note={ended === undefined ? undefined : words.ended} />
}
