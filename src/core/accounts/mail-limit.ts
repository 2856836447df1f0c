import type { World } from '../ports.ts'

/** Mails of one kind that others can have sent to one address, whoever asks. */
const perAddress = { limit: 5, windowSeconds: 3600 }

/** Counted apart, so that nobody can use up a person's way back in by signing up with their address. */
export type MailConcern = 'account' | 'password-reset' | 'email-change'

/** Says whether one more mail may go to an address; asked for every address, whether or not it has an account. */
export async function takeMail(
  { vault, store }: Pick<World, 'vault' | 'store'>,
  { email, about }: { readonly email: string; readonly about: MailConcern },
  now: Date,
): Promise<boolean> {
  const bucket = `mail:${about}:${vault.digest('sign-in-subject', email)}`
  return (await store.takeRate({ ...perAddress, bucket, now })).allowed
}
