import { createDirectory, type Directory, type DirectoryLimits } from '../directory.ts'
import type { KeyStore } from '../ports.ts'
import type { KeyWithClient } from './api-key.ts'

/** What this process remembers of keys, so that a call made with a key's token needs no database. */
export type KeyDirectory = Directory<Pick<KeyStore, 'findKey'>, KeyWithClient>

export function createKeyDirectory(limits: DirectoryLimits): KeyDirectory {
  return createDirectory(
    {
      look: (store, id) => store.findKey(id),
      // A bait is looked up each time as an unknown key is: its answer must not come faster.
      isKept: ({ key }) => !key.canary,
      versionOf: ({ key }) => key.version,
    },
    limits,
  )
}
