import { cookies, headers } from 'next/headers'
import { isLanguage, type Language, languageCookie } from './language-names'
import { type Words, words } from './words'

/** The language of the page: as chosen, or the first one of the browser that the site has. */
export async function readLanguage(): Promise<Language> {
  const chosen = (await cookies()).get(languageCookie)?.value
  if (isLanguage(chosen)) return chosen
  const wanted = (await headers()).get('accept-language') ?? ''
  return (
    wanted
      .split(',')
      .map((range) => range.trim().slice(0, 2).toLowerCase())
      .find(isLanguage) ?? 'en'
  )
}

export async function readWords(): Promise<Words> {
  return words[await readLanguage()]
}
