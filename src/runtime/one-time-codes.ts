import { Secret, TOTP } from 'otpauth'
import { renderSVG } from 'uqr'
import type { OneTimeCodes } from '../core/ports.ts'

/** 160 bits, as RFC 4226 §4 recommends and as every app takes. */
const SECRET_BYTES = 20

const STEP_SECONDS = 30

const SIX_DIGITS = /^\d{6}$/

/** Six digits, SHA-1 and 30 seconds: what every authenticator app can, and some do without asking (RFC 6238). */
export const oneTimeCodes: OneTimeCodes = {
  newSecret: () => new Secret({ size: SECRET_BYTES }).base32,

  uri: ({ secret, issuer, account }) =>
    generator(secret, { issuer: withoutColon(issuer), label: withoutColon(account) }).toString(),

  matches(secret, code, now) {
    if (!SIX_DIGITS.test(code)) return undefined
    const delta = generator(secret).validate({ token: code, timestamp: now.getTime(), window: 1 })
    return delta === null ? undefined : Math.floor(now.getTime() / 1000 / STEP_SECONDS) + delta
  },

  // The quiet zone of ISO/IEC 18004 §6.3.8: without it many a camera finds nothing on a dark page.
  qrSvg: (text) => renderSVG(text, { ecc: 'M', border: 4 }),
}

/** The address itself separates by colons, and knows no way to write one: `localhost:3000` would end at the first. */
function withoutColon(name: string): string {
  return name.replaceAll(':', ' ')
}

function generator(secret: string, names: { readonly issuer?: string; readonly label?: string } = {}): TOTP {
  return new TOTP({ ...names, secret, algorithm: 'SHA1', digits: 6, period: STEP_SECONDS })
}
