import { fstatSync } from 'node:fs'
import pino, { type DestinationStream, type Logger } from 'pino'
import { momentText } from '../core/moment-text.ts'
import type { GatewayLog } from '../http/gateway-env.ts'

const CREDENTIAL_NAMES = [
  'apiKey',
  'api_key',
  'access',
  'refresh',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'password',
  'secret',
  'secrets',
  'captcha',
  'captcha_token',
  'digest',
  'connectionString',
]

/** Where a credential could come to a log line by a mistake of ours; what stands there is never written. */
export const redactedPaths: readonly string[] = CREDENTIAL_NAMES.flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
])

const STDOUT = 1

/** Lines that nobody reads are kept up to here and then dropped: a stalled reader must not fill the memory. */
const UNREAD_MAX_BYTES = 8 * 1024 * 1024
const FLUSH_MAX_MS = 1000
/**
 * Lines that come close together are written together: a write of its own costs more than a line. Not too many, since the
 * destination measures all that it has gathered anew at each line.
 */
const GATHERED_MAX_BYTES = 4 * 1024
const GATHERED_MAX_MS = 20

/** The log of a process, with a way to end it that does not wait for a reader who is gone. */
export interface ProcessLog {
  readonly logger: Logger
  readonly close: () => Promise<void>
}

/**
 * JSON lines on standard output; written within a moment, and never waited for but where that is a file. Where nobody reads
 * or the disk is full the gateway serves on: lines are kept, then dropped, and counted when they can be written again.
 */
export function openProcessLog(level: string): ProcessLog {
  const destination = pino.destination({
    fd: STDOUT,
    // A file takes lines in less time than another thread needs to be told of them; a pipe may have no reader.
    sync: fstatSync(STDOUT).isFile(),
    maxLength: UNREAD_MAX_BYTES,
    minLength: GATHERED_MAX_BYTES,
    maxWrite: 2 * GATHERED_MAX_BYTES,
    periodicFlush: GATHERED_MAX_MS,
  })
  // pino waits by it for a line that is fatal, and when the process exits: for ever where nobody reads or the disk is full.
  destination.flushSync = () => {}
  // Without a listener a full disk would end the process. What could not be written is tried again with the next lines.
  destination.on('error', () => {})
  const logger = createLogger(level, destination)
  tellOfDrops(destination, logger)
  return {
    logger,
    async close() {
      const flush = () => new Promise<void>((done) => destination.flush(() => done()))
      const late = new Promise<void>((done) => setTimeout(done, FLUSH_MAX_MS).unref())
      // One that finds a write under way ends with it, and the lines that came meanwhile are not in it.
      await Promise.race([flush().then(flush), late])
    },
  }
}

function tellOfDrops(destination: ReturnType<typeof pino.destination>, logger: Logger): void {
  let lines = 0
  destination.on('drop', () => {
    lines++
    if (lines > 1) return
    destination.once('drain', () => {
      logger.warn({ lines }, 'lines of the log were dropped: nobody read them, or the disk was full')
      lines = 0
    })
  })
}

/** A log on the stream that is given. */
export function createLogger(level: string, stream: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, redact: [...redactedPaths] }
  return pino(options, stream)
}

/** How the gateway writes: one line a request, one a fault with what is safe to tell. */
export function gatewayLog(logger: Logger): GatewayLog {
  return {
    request: requestWriter(logger),
    fault: (error, requestId) => logger.error({ requestId, fault: describeFault(error) }, 'fault'),
  }
}

/**
 * The line of a request, to where the log goes and in the words of its other lines, but spelled in one go: pino's own way
 * through its fields took as long as all that a short call does in the core. Its names are all our own and none of them is
 * a credential's, so there is nothing to look for either. For a logger as `createLogger` makes it, which adds nothing.
 */
function requestWriter(logger: Logger): GatewayLog['request'] {
  const stream = streamOf(logger)
  if (stream === undefined) {
    const requests = logger.child({}, { redact: [] })
    return (line) => requests.info(line, 'request')
  }
  const level = logger.levels.values['info']
  return (line) => {
    if (!logger.isLevelEnabled('info')) return
    const time = momentText(new Date())
    const fields = JSON.stringify(line).slice(1, -1)
    stream.write(`{"level":${level},"time":"${time}",${fields},"msg":"request"}\n`)
  }
}

/** Where a logger writes to; undefined where it is pino's for browsers, which Workers have. */
function streamOf(logger: Logger): DestinationStream | undefined {
  // In pino's types there is always one, and its symbols are no names of a logger's members.
  const symbols: { readonly streamSym?: symbol } | undefined = pino.symbols
  if (symbols?.streamSym === undefined) return undefined
  return (logger as unknown as Record<symbol, DestinationStream | undefined>)[symbols.streamSym]
}

/** Name, message and place. Of an error that is not ours the message may quote its input, so it stays out. */
export function describeFault(error: unknown) {
  if (!(error instanceof Error)) return { name: typeof error }
  const own = ownErrors.has(error.name)
  return {
    name: error.name,
    ...(own && { message: error.message }),
    at: error.stack
      ?.split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 8)
      .map((line) => line.trim()),
  }
}

const ownErrors = new Set([
  'StoreUnavailableError',
  'StoreError',
  'SecretMismatchError',
  'ClocksApartError',
  'StartError',
  'BackupError',
  'PasswordsBusyError',
])
