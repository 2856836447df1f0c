import type { GatewayContext } from '../http/gateway-env.ts'
import { english } from './wording/english.ts'
import { french } from './wording/french.ts'
import type { Wording } from './wording/wording.ts'

const wordings = { en: english, fr: french } as const satisfies Record<string, Wording>

type Language = keyof typeof wordings

/** The words for whoever reads: in the language of `?lang=`, else of `Accept-Language` (RFC 9110 §12.5.4), else English. */
export function wordingFor(c: GatewayContext): Wording {
  const asked = c.req.query('lang')
  const preferred = [
    ...(asked === undefined ? [] : [asked]),
    ...readLanguages(c.env.header('accept-language')),
  ]
  return wordings[preferred.find(isOurs) ?? 'en']
}

const isOurs = (language: string): language is Language => Object.hasOwn(wordings, language)

/** The languages of the field without their regions, the dearest first: `fr-CH, en;q=0.8` reads as `fr, en`. */
export function readLanguages(field: string | undefined): readonly string[] {
  return (field ?? '')
    .split(',')
    .slice(0, 20)
    .map((part) => {
      const [range = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/)
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      return {
        language: range.split('-')[0] ?? '',
        weight: weight === undefined ? 1 : Number(weight.slice(2)),
      }
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight)
    .map(({ language }) => language)
}
