import { Worker } from 'node:worker_threads'

/** How long the event loop may stand still before nothing will ever move it again. */
const STILL_MAX_SECONDS = 20

export interface Watchdog {
  readonly stop: () => Promise<void>
}

/**
 * Ends the process when its event loop stands still, as it does for ever when PGlite turns in circles after a full disk: no
 * timer, no signal and no liveness check is answered then. Only another thread can see that, and only a kill ends it.
 */
export function startWatchdog(complaint: string, stillMaxSeconds = STILL_MAX_SECONDS): Watchdog {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const thread = new Worker(watch, {
    eval: true,
    execArgv: [],
    workerData: { beats, complaint, stillMaxSeconds },
  })
  thread.unref()
  const heart = setInterval(() => Atomics.add(beats, 0, 1), 500).unref()
  return {
    async stop() {
      clearInterval(heart)
      await thread.terminate()
    },
  }
}

// It counts its own looks and no time, so that a process that was paused as a whole is not taken for one that hangs.
const watch = `
const { workerData: { beats, complaint, stillMaxSeconds } } = require('node:worker_threads')
const { writeSync } = require('node:fs')
let before = -1
let still = 0
setInterval(() => {
  const beat = Atomics.load(beats, 0)
  still = beat === before ? still + 1 : 0
  before = beat
  if (still < stillMaxSeconds) return
  writeSync(2, 'guichet: ' + complaint + '\\n')
  process.kill(process.pid, 'SIGKILL')
}, 1000)
`
