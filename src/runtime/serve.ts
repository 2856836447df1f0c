import pretty from 'pino-pretty'
import { readSettings } from './environment.ts'
import { createLogger, describeFault, openProcessLog, type ProcessLog } from './log.ts'
import { startGateway } from './start.ts'
import { StartError } from './start-error.ts'

const interactive = process.stdout.isTTY === true
let opened: ProcessLog | undefined

try {
  const settings = readSettings()
  const log = interactive ? prettyLog(settings.logLevel) : openProcessLog(settings.logLevel)
  opened = log
  const exit = async (code: number) => {
    await log.close()
    process.exit(code)
  }
  // Heard from the first moment on: a start that is told to stop stops when it has something to stop.
  const asked = Promise.withResolvers<string>()
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => asked.resolve(signal))
  stopWithNpm(() => asked.resolve('the end of npm'))
  process.on('warning', (warning) => log.logger.warn({ name: warning.name }, 'the runtime warns'))
  const gateway = await startGateway({
    settings,
    logger: log.logger,
    showOnce: interactive ? (text) => process.stdout.write(`${text}\n`) : undefined,
    onFatal: () => void exit(1),
  })
  log.logger.info({ signal: await asked.promise }, 'stopping')
  await gateway.stop()
  log.logger.info('stopped')
  await exit(0)
} catch (error) {
  // One line for what the operator can mend; for anything else the name and the place.
  const text = error instanceof StartError ? error.message : JSON.stringify(describeFault(error))
  process.stderr.write(`guichet: ${text}\n`)
  await opened?.close()
  process.exit(1)
}

/** The shell between npm and us passes no signal on: when npm is told to stop, all that we see is that it is gone. */
function stopWithNpm(stop: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    stop()
  }, 500)
  watch.unref()
}

/** For a person at a terminal. */
function prettyLog(level: string): ProcessLog {
  const stream = pretty({ colorize: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' })
  return { logger: createLogger(level, stream), close: async () => {} }
}
