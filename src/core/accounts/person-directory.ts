import { createDirectory, type Directory, type DirectoryLimits } from '../directory.ts'
import type { UserStore } from './account-store.ts'
import type { Person } from './user.ts'

/** What this process remembers of people, so that a call made with a person's token needs no database. */
export type PersonDirectory = Directory<Pick<UserStore, 'findPerson'>, Person>

export function createPersonDirectory(limits: DirectoryLimits): PersonDirectory {
  return createDirectory(
    { look: (store, id) => store.findPerson(id), isKept: () => true, versionOf: ({ version }) => version },
    limits,
  )
}
