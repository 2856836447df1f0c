/** The jobs, in the order of the page. */
export const jobNames = [
  'exchange',
  'refresh',
  'verify',
  'verify-cold',
  'refusal',
  'proxy',
  'proxy-1mib',
  'forward-auth',
] as const

export type JobName = (typeof jobNames)[number]
