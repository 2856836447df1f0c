export const languages = ['en', 'fr'] as const
export type Language = (typeof languages)[number]

/** Where a chosen language is kept; `?lang=fr` on any page chooses it. */
export const languageCookie = 'lang'

export function isLanguage(text: string | null | undefined): text is Language {
  return languages.some((language) => language === text)
}
