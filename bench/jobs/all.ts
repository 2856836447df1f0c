import type { Job } from '../contender.ts'
import type { Stage } from '../stage.ts'
import { exchangeJob } from './exchange.ts'
import { forwardAuthJob } from './forward-auth.ts'
import type { JobName } from './names.ts'
import { largeProxyJob, smallProxyJob } from './proxy.ts'
import { refreshJob } from './refresh.ts'
import { refusalJob } from './refusal.ts'
import { coldVerifyJob, verifyJob } from './verify.ts'

/** Every job by its name, in the order of the page. */
export const jobs: Readonly<Record<JobName, (stage: Stage) => Promise<Job>>> = {
  exchange: exchangeJob,
  refresh: refreshJob,
  verify: verifyJob,
  'verify-cold': coldVerifyJob,
  refusal: refusalJob,
  proxy: smallProxyJob,
  'proxy-1mib': largeProxyJob,
  'forward-auth': forwardAuthJob,
}
