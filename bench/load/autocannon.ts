import autocannon from 'autocannon'
import { connections, type Load } from './load.ts'

/** Drives with autocannon, in this process. It sends a second's calls in one burst, so it cannot pace. */
export function autocannonLoad(): Load {
  return {
    name: 'autocannon',
    canPace: false,
    async run({ contender, requests, seconds }) {
      const { supply, expectedStatus, origin } = contender
      let lane = 0
      const result = await autocannon({
        url: origin,
        connections,
        timeout: 10,
        ...(supply.kind === 'once' ? { amount: requests.length } : { duration: seconds }),
        setupClient(client) {
          // Each connection has calls of its own.
          const own = requests.filter((_, index) => index % connections === lane)
          client.setRequests(own.map((request) => ({ ...request, headers: { ...request.headers } })))
          lane++
        },
      })
      const completed = result.requests.total
      const good = Number(result.statusCodeStats?.[`${expectedStatus}`]?.count ?? 0)
      if (good < completed)
        throw new Error(`${completed - good} of ${completed} answers were not ${expectedStatus}`)
      if (result.errors > 0) throw new Error(`${result.errors} calls were not answered`)
      return {
        completed,
        perSecond: completed / result.duration,
        p50Ms: result.latency.p50,
        p99Ms: result.latency.p99,
      }
    },
  }
}
