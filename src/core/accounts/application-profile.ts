import type { User } from './user.ts'

/** The row of a user that is the operator's application's: made with the user, under the same id, and not read here. */
export interface Profile {
  readonly id: string
  readonly name: string | undefined
  /** Of the application, and no role of ours: never what a user says. */
  readonly role: string
  readonly createdAt: Date
  readonly updatedAt: Date
}

const ROLE = 'user'
const NAME_MAX_LENGTH = 200

/** The profile that a new user begins with: called as they say, here or in what their client sends beside. */
export function newProfile({
  id,
  name,
  metadata,
  createdAt,
}: Pick<User, 'id' | 'name' | 'metadata' | 'createdAt'>): Profile {
  const called = [name, metadata['name'], metadata['full_name']].find(isName)
  return { id, name: called, role: ROLE, createdAt, updatedAt: createdAt }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= NAME_MAX_LENGTH && !value.includes('\0')
}
