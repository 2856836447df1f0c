/** What one check of the doctor found. */
export interface Check {
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly finding: string
  /** What to do; undefined when there is nothing to do. */
  readonly remedy?: string
}
