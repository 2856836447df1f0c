import { afterAll } from 'vitest'
import type { SupabasePolicy } from '../../src/core/policy.ts'
import { deliverMails } from './deliver-mails.ts'
import { startFront } from './front.ts'
import { openMailbox } from './mailbox.ts'
import { oneTimeMails } from './supabase-mails.ts'
import { type SupabaseStage, stageOn } from './supabase-stage.ts'
import { createTestGateway, type TestGateway, testPolicy } from './test-gateway.ts'

export interface SupabaseClock extends SupabaseStage {
  /** Lets seconds pass at the gateway; the clients' clock is the machine's. */
  readonly pass: (seconds: number) => void
  /** The gateway's moment, in milliseconds: it stands still while the machine's goes on. */
  readonly now: () => number
}

/** A gateway on a real PostgreSQL that listens, whose clock is moved by hand. */
export function supabaseClock({
  supabase = {},
  aheadSeconds = 0,
  instances: count = 1,
}: {
  readonly supabase?: Partial<SupabasePolicy>
  /** How far its clock is before the clients'. */
  readonly aheadSeconds?: number
  /** How many processes serve the one database, each in its turn. */
  readonly instances?: number
} = {}): SupabaseClock {
  const instances: TestGateway[] = []
  const stage = stageOn(async () => {
    const mailbox = await openMailbox()
    const startsAt = new Date(Date.now() + aheadSeconds * 1000)
    const policy = { supabase: { ...testPolicy.supabase, autoconfirm: false, ...supabase } }
    while (instances.length < count) {
      const [first] = instances
      const another = first === undefined ? {} : { database: first.database }
      instances.push(await createTestGateway({ startsAt, policy, ...another }))
    }
    const first = instances[0]!
    let turn = 0
    const front = await startFront((request) => {
      const gateway = instances[turn++ % count]!
      gateway.comeFrom(request.headers.get('x-forwarded-for') ?? '192.0.2.1')
      const { pathname, search } = new URL(request.url)
      // What the policy has as the public address: the port is known too late for it.
      return gateway.answer(new Request(`https://gateway.test${pathname}${search}`, request))
    })
    return {
      url: front.url,
      adminKey: first.adminKey,
      mailed: oneTimeMails(mailbox, () => deliverMails(first.world, mailbox)),
      async stop() {
        await front.close()
        for (const gateway of instances.toReversed()) await gateway.close()
        await mailbox.close()
      },
    }
  })
  // Whatever a test has seen: no client's fault may become ours.
  afterAll(() => {
    const [fault] = instances.flatMap(({ faults }) => faults)
    if (fault !== undefined) throw fault
  })
  return {
    ...stage,
    pass(seconds) {
      for (const gateway of instances) gateway.pass(seconds)
    },
    now: () => instances[0]!.world.now().getTime(),
  }
}
