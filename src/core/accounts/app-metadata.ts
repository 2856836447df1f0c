import type { User } from './user.ts'

/** What the operator keeps of a user, with how they are known: `provider` and `providers`, where nothing says otherwise. */
export function appMetadataOf({
  email,
  signInPhone,
  appMetadata,
}: Pick<User, 'email' | 'signInPhone' | 'appMetadata'>): Readonly<Record<string, unknown>> {
  const providers = [
    ...(email === undefined ? [] : ['email']),
    ...(signInPhone === undefined ? [] : ['phone']),
  ]
  const [provider] = providers
  return provider === undefined ? appMetadata : { provider, providers, ...appMetadata }
}
