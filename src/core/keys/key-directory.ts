import type { UserStore } from '../accounts/account-store.ts'
import type { PersonDirectory } from '../accounts/person-directory.ts'
import { createDirectory, type Directory, type DirectoryLimits } from '../directory.ts'
import { after } from '../eventually.ts'
import type { KeyStore } from '../ports.ts'
import type { KeyWithClient } from './api-key.ts'
import { underOwner } from './owned-key.ts'

type Source = Pick<KeyStore, 'findKey'> & Pick<UserStore, 'findPerson'>

/**
 * What this process remembers of keys, so that a call made with a key's token needs no database. Keys that are somebody's
 * are answered as their owner leaves them, who is remembered among people and corrected there.
 */
export type KeyDirectory = Directory<Source, KeyWithClient>

export function createKeyDirectory(limits: DirectoryLimits, people: PersonDirectory): KeyDirectory {
  const keys = createDirectory<Source, KeyWithClient>(
    {
      look: (store, id) => store.findKey(id),
      // A bait is looked up each time as an unknown key is: its answer must not come faster.
      isKept: ({ key }) => !key.canary,
      versionOf: ({ key }) => key.version,
    },
    limits,
  )
  return {
    ...keys,
    find(store, id, now) {
      return after(keys.find(store, id, now), (found) => {
        const ownerId = found?.client.ownerId
        if (found === undefined || ownerId === undefined) return found
        return after(people.find(store, ownerId, now), (owner) => underOwner(found, owner, now))
      })
    },
    async findVersion(store, named, now) {
      const found = await keys.findVersion(store, named, now)
      const ownerId = found?.client.ownerId
      if (found === undefined || ownerId === undefined) return found
      return underOwner(found, await people.find(store, ownerId, now), now)
    },
    async findFresh(store, id, now) {
      const found = await keys.findFresh(store, id, now)
      const ownerId = found?.client.ownerId
      if (found === undefined || ownerId === undefined) return found
      return underOwner(found, await people.findFresh(store, ownerId, now), now)
    },
    recall(id, span) {
      const found = keys.recall(id, span)
      const ownerId = found?.client.ownerId
      if (found === undefined || ownerId === undefined) return found
      const owner = people.recall(ownerId, span)
      return owner && underOwner(found, owner, span.now)
    },
  }
}
