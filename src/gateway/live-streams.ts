import type { Service } from '../core/service.ts'
import type { Principal } from '../core/tokens/verify.ts'
import type { Lease, StreamEnd } from '../http/wire.ts'

interface LiveStream {
  /** Undefined where it is held to no credential. */
  readonly principal: Principal | undefined
  readonly cut: (reason: StreamEnd) => void
}

/** The streams and WebSockets that are open, so that none outlives the credential that opened it. */
export interface LiveStreams {
  readonly leaseFor: (principal: Principal | undefined) => Lease
  /** Cuts those whose credential would not be taken any more. To be called every second or so. */
  readonly sweep: (service: Pick<Service, 'standing'>) => Promise<void>
  /** Cuts them all, since none would end by itself while the process waits to stop. */
  readonly shutDown: () => void
  readonly size: () => number
}

export function createLiveStreams(): LiveStreams {
  const streams = new Set<LiveStream>()
  return {
    leaseFor: (principal) => (cut) => {
      const stream = { principal, cut }
      streams.add(stream)
      return () => streams.delete(stream)
    },
    async sweep(service) {
      // What cannot be found out now leaves the stream as it is, and the others are looked at all the same.
      const looks = [...streams].map(async (stream) => {
        if (stream.principal === undefined) return
        const standing = await service.standing(stream.principal)
        if (standing === 'good' || !streams.delete(stream)) return
        stream.cut(standing === 'expired' ? 'token_expired' : 'token_revoked')
      })
      const failed = (await Promise.allSettled(looks)).find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
    },
    shutDown() {
      for (const { cut } of streams) cut('shutting_down')
    },
    size: () => streams.size,
  }
}
