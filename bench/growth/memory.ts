import { exchange, startGateway } from '../gateway.ts'
import { makeKeys } from '../gateway-keys.ts'
import { inParallel } from '../in-parallel.ts'
import { rssMibOf } from '../process-times.ts'
import { getWith, send } from '../send.ts'
import type { Stage } from '../stage.ts'

/** How the gateway's memory goes while it meets ever new keys and tokens. */
export interface MemoryGrowth {
  readonly samples: readonly { readonly calls: number; readonly rssMib: number }[]
}

const SAMPLES = 50
const LANES = 32

/** Exchanges every key once and uses every token once, on a gateway that has just started. */
export async function measureMemory({ folder, plan, postgres }: Stage): Promise<MemoryGrowth> {
  const count = plan.growth.distinctKeys
  const databaseUrl = await postgres.createDatabase('guichet_memory')
  const maker = await startGateway({ folder, name: 'memory-maker', databaseUrl })
  const keys = await makeKeys(maker, count)
  await maker.stop()
  const gateway = await startGateway({ folder, name: 'memory', databaseUrl })
  try {
    const samples = [{ calls: 0, rssMib: rssMibOf([gateway.pid]) }]
    const chunk = Math.ceil(count / SAMPLES)
    for (let from = 0; from < count; from += chunk) {
      await inParallel(keys.slice(from, from + chunk), LANES, async (key) => {
        const { access } = await exchange(gateway.origin, key)
        const { status } = await send(gateway.origin, getWith(access, '/api/v1/me'))
        if (status !== 200) throw new Error(`A fresh token was answered ${status}.`)
      })
      samples.push({ calls: Math.min(from + chunk, count), rssMib: rssMibOf([gateway.pid]) })
    }
    return { samples }
  } finally {
    await gateway.stop()
  }
}
