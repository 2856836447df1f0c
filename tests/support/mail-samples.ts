import type { Mail, MailFacts, MailKind } from '../../src/core/accounts/mail.ts'

const token = 'a+token/of~ours'
const expiresAt = '2026-01-01T12:30:00.000Z'
const at = '2026-01-01T12:00:00.000Z'

const linked = (type: string) => ({
  link: `https://gateway.test/auth/v1/verify?token=atoken&type=${type}&redirect_to=https://app.test/`,
  code: '123456',
  expiresAt,
})

/** Facts of every kind of mail. */
export const mailFacts: MailFacts = {
  'email-confirm': { token, expiresAt },
  'email-known': {},
  'password-reset': { token, expiresAt },
  'password-reset-required': { token, expiresAt },
  'password-changed': { at },
  'email-change': { token, expiresAt },
  'email-change-asked': { newEmail: 'new@people.test', at },
  'email-change-undone': { at },
  'email-changed': { newEmail: 'new@people.test', token, expiresAt },
  invite: { token, expiresAt },
  'sign-in-code': { code: '123456', expiresAt },
  'factor-code': { code: '123456', expiresAt },
  'factor-added': { factor: 'totp', at },
  'factor-removed': { factor: 'email', at },
  'recovery-codes-made': { at },
  'recovery-code-used': { left: 7, at },
  'new-device': {
    at,
    address: '192.0.2.7',
    userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
  },
  'account-deleted': { restorableUntil: '2026-01-31T12:00:00.000Z' },
  'account-restored': {},
  'sign-up': linked('signup'),
  'magic-link': linked('magiclink'),
  recovery: linked('recovery'),
  'supabase-invite': linked('invite'),
  'supabase-email-change': linked('email_change'),
  'supabase-email-change-current': { ...linked('email_change'), newEmail: 'new@people.test' },
  reauthentication: { code: '123456', expiresAt },
}

/** A mail of a kind, as it comes out of the outbox. */
export function aMail(kind: MailKind, changes: Partial<Omit<Mail, 'kind'>> = {}): Mail {
  return {
    id: '0b4f1a3e-7a44-4a0e-9d5a-6b1f0c2d3e4f',
    to: 'ada@people.test',
    name: 'Ada Lovelace',
    locale: 'en',
    createdAt: new Date('2026-01-01T12:00:00.000Z'),
    kind,
    facts: mailFacts[kind],
    ...changes,
  } as Mail
}
