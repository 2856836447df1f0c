import { startGateway } from '../gateway.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'

/** From the start of the process to ready, in milliseconds. */
export interface StartTimes {
  /** On an empty database: with every migration and the first key. */
  readonly emptyMs: number
  /** On one that is in use already, the median. */
  readonly usedMs: number
  readonly starts: number
}

export async function measureStart({ folder, plan, postgres }: Stage): Promise<StartTimes> {
  const databaseUrl = await postgres.createDatabase('guichet_start')
  const start = async () => {
    const gateway = await startGateway({ folder, name: 'start', databaseUrl })
    await gateway.stop()
    return gateway.startMs
  }
  const emptyMs = await start()
  const times: number[] = []
  for (let index = 0; index < plan.growth.starts; index++) times.push(await start())
  return { emptyMs, usedMs: median(times), starts: times.length }
}
