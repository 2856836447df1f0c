import type { Metadata } from 'next'
import { SignOutForm } from '@/components/sign-out-form'
import { readWords } from '@/lib/language'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readWords()).signOut.title }
}

export default async function SignOutPage() {
  return <SignOutForm words={await readWords()} />
}
