import { describe } from 'vitest'
import { administering } from './accounts-journey/administering.ts'
import { arriving } from './accounts-journey/arriving.ts'
import { changing } from './accounts-journey/changing.ts'
import { leaving } from './accounts-journey/leaving.ts'
import { twoFactors } from './accounts-journey/two-factors.ts'
import { accountStage } from './support/account-stage.ts'
import { platforms } from './support/platforms.ts'

// One way through everything that people can do, in its order: each step goes on from where the one before has left.
describe.each(Object.entries(platforms))('a person on %s', (_name, start) => {
  const stage = accountStage(start)
  arriving(stage)
  changing(stage)
  twoFactors(stage)
  administering(stage)
  leaving(stage)
})
