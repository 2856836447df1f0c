import { z } from '@hono/zod-openapi'
import { answer } from './answer.ts'
import { endpoint } from './endpoint.ts'

/** Those that upstream can sign people in by, of which none is here. */
const providers = [
  'apple',
  'azure',
  'bitbucket',
  'discord',
  'facebook',
  'figma',
  'fly',
  'github',
  'gitlab',
  'google',
  'kakao',
  'keycloak',
  'linkedin',
  'linkedin_oidc',
  'notion',
  'slack',
  'slack_oidc',
  'snapchat',
  'spotify',
  'twitch',
  'twitter',
  'workos',
  'zoom',
]
const external = Object.fromEntries(providers.map((name) => [name, false]))

export const settingsEndpoint = endpoint({
  method: 'get',
  path: '/settings',
  summary: 'Show what of this face is on',
  answer: z.looseObject({ external: z.record(z.string(), z.boolean()), disable_signup: z.boolean() }),
  errors: [503],
  async handle(c) {
    const { anonymous, autoconfirm, signup, sms } = c.env.service.policy.supabase
    return answer(c, {
      external: { ...external, email: true, phone: sms, anonymous_users: anonymous },
      disable_signup: signup === 'closed',
      mailer_autoconfirm: autoconfirm,
      phone_autoconfirm: autoconfirm,
      sms_provider: sms ? 'webhook' : '',
      saml_enabled: false,
      saml_private_key_next_configured: false,
      passkeys_enabled: false,
    })
  },
})
