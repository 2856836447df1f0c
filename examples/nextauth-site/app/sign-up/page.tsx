import type { Metadata } from 'next'
import { SignUpForm } from '@/components/sign-up-form'
import { readWords } from '@/lib/language'

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await readWords()).signUp.title }
}

export default async function SignUpPage() {
  return <SignUpForm words={await readWords()} />
}
