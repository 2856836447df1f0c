/**
 * The log of a process in one of its own: writes as many lines as it is told to, then a fatal one, and ends with 7; or goes
 * on with a line a moment until its standard input ends.
 */
import { openProcessLog } from '../../src/runtime/log.ts'

const [lines = '0', then = 'end'] = process.argv.slice(2)
const log = openProcessLog('info')
const filler = 'x'.repeat(1000)
for (let line = 1; line <= Number(lines); line++) log.logger.info({ line, filler }, 'a line')
process.stderr.write('written\n')
if (then === 'end') {
  log.logger.fatal('the last line')
  await log.close()
  process.exit(7)
}
const beat = setInterval(() => log.logger.info('alive'), 10)
process.stdin.resume().on('end', async () => {
  clearInterval(beat)
  await log.close()
  process.exit(0)
})
