import autocannon from 'autocannon'
import { connections, type Load } from './load.ts'

/** Drives with autocannon, in this process. It sends a second's calls in one burst, so it cannot pace. */
export function autocannonLoad(): Load {
  return {
    name: 'autocannon',
    canPace: false,
    async run({ contender, requests, seconds }) {
      const { supply, expectedStatus, origin } = contender
      // Of calls that count once, every connection makes as many as it has, and none twice.
      const amount = requests.length - (requests.length % connections)
      let lane = 0
      let lastAt = 0
      const startedAt = performance.now()
      const result = await autocannon({
        url: origin,
        connections,
        timeout: 10,
        ...(supply.kind === 'once' ? { amount } : { duration: seconds }),
        setupClient(client) {
          const own = requests.filter((_, index) => index % connections === lane)
          const calls = own.length === 0 ? requests : own
          client.setRequests(calls.map((request) => ({ ...request, headers: { ...request.headers } })))
          client.on('response', () => {
            lastAt = performance.now()
          })
          lane++
        },
      })
      const completed = result.requests.total
      const good = Number(result.statusCodeStats?.[`${expectedStatus}`]?.count ?? 0)
      if (good < completed) {
        throw new Error(`${completed - good} of ${completed} answers were not ${expectedStatus}`)
      }
      if (result.errors > 0) throw new Error(`${result.errors} calls were not answered`)
      if (completed === 0) throw new Error('nothing was answered')
      return {
        completed,
        // Not its own duration, which is whole seconds: calls that count once may be spent sooner.
        perSecond: (completed * 1000) / (lastAt - startedAt),
        p50Ms: result.latency.p50,
        p99Ms: result.latency.p99,
      }
    },
  }
}
