/** What scripts see of how it ended; the help has the same table. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const

/** An end that the user is told of in one line, and nothing more. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number

  constructor(message: string, ending: Exclude<keyof typeof exitCodes, 'ok'>) {
    super(message)
    this.exitCode = exitCodes[ending]
  }
}
