import type { World } from '../ports.ts'

/** Mails that strangers can have sent to one address, whoever asks. */
const perAddress = { limit: 5, windowSeconds: 3600 }

/** Says whether one more mail may go to an address; asked for every address, whether or not it has an account. */
export async function takeMail(
  { vault, store }: Pick<World, 'vault' | 'store'>,
  email: string,
  now: Date,
): Promise<boolean> {
  const bucket = `mail:${vault.digest('sign-in-subject', email)}`
  return (await store.takeRate({ ...perAddress, bucket, now })).allowed
}
