import { hash } from 'bcryptjs'

export const elsewhere = 'hunter2!'
/** As Supabase writes it, at a cost that tests can bear. */
const hashed = (await hash(elsewhere, 4)).replace('$2b$', '$2a$')

/** What a test puts into the columns of a row instead. */
type Columns = Readonly<Record<string, unknown>>

/** A row of auth.users as `json_agg` makes it, with columns that mean nothing here. */
export const aUserRow = (changes: Columns = {}) => ({
  instance_id: '00000000-0000-0000-0000-000000000000',
  id: crypto.randomUUID(),
  aud: 'authenticated',
  role: 'authenticated',
  email: `${crypto.randomUUID()}@example.com`,
  encrypted_password: hashed,
  email_confirmed_at: '2023-04-05T06:07:08.912345+00:00',
  invited_at: null,
  confirmation_token: '',
  confirmation_sent_at: null,
  recovery_token: '',
  last_sign_in_at: '2025-01-02T03:04:05.678+00:00',
  raw_app_meta_data: { provider: 'email', providers: ['email'] },
  raw_user_meta_data: { full_name: 'Ada Lovelace', email_verified: true },
  is_super_admin: null,
  created_at: '2023-04-05T06:00:00.000001+00:00',
  updated_at: '2024-04-05T06:00:00+00:00',
  phone: null,
  phone_confirmed_at: null,
  phone_change: '',
  email_change_confirm_status: 0,
  banned_until: null,
  is_sso_user: false,
  deleted_at: null,
  is_anonymous: false,
  ...changes,
})

/** A row of auth.identities. */
export const anIdentityRow = (user: { readonly id: string }, changes: Columns = {}) => ({
  id: crypto.randomUUID(),
  user_id: user.id,
  provider: 'google',
  provider_id: `google-${user.id}`,
  identity_data: { sub: `google-${user.id}`, email: 'ada@gmail.test' },
  last_sign_in_at: '2025-01-02T03:04:05.678+00:00',
  created_at: '2023-04-05T06:00:00+00:00',
  updated_at: '2023-04-06T06:00:00+00:00',
  email: 'ada@gmail.test',
  ...changes,
})

/** A row of auth.mfa_factors. */
export const aFactorRow = (changes: Columns = {}) => ({
  id: crypto.randomUUID(),
  friendly_name: 'My phone',
  factor_type: 'totp',
  status: 'verified',
  secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  created_at: '2024-01-01T00:00:00+00:00',
  updated_at: '2024-01-01T00:01:00+00:00',
  phone: null,
  ...changes,
})
