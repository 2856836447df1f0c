import { CommanderError } from 'commander'
import { CliError, exitCodes } from './cli-error.ts'
import { writeError } from './print.ts'

/** Tells on stderr, in one line, why a command did not succeed, and answers the exit code. */
export async function exitCodeOf(error: unknown): Promise<number> {
  // Commander has told it already; its own code for every wrong usage is 1.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof CliError) {
    writeError(error.message)
    return error.exitCode
  }
  if (isSystemError(error)) {
    writeError(error.message)
    return exitCodes.failed
  }
  // Loaded when something went wrong: the log costs every other run its load time.
  const { describeFault } = await import('../log.ts')
  const fault = { message: undefined, at: undefined, ...describeFault(error) }
  // A message of an error that is not ours may quote a secret; its name and place do not.
  writeError(fault.message ?? `This should not have happened: ${fault.name} ${fault.at?.[0] ?? ''}`)
  return exitCodes.failed
}

/** A file that may not be read, a full disk: its message names a path or an address, and no content. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}
