#!/usr/bin/env node
import './quick-start.ts'
import { existsSync } from 'node:fs'
import { exitCodeOf } from './cli/exit.ts'
import { dashedOperandsLast } from './cli/operands.ts'
import { createProgram } from './cli/program.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough (`| head`) is no failure, unless all of it was wanted.
  if (error.code === 'EPIPE') process.exit()
  void exitCodeOf(error).then((code) => process.exit(code))
})

try {
  if (existsSync('.env')) process.loadEnvFile('.env')
  await createProgram().parseAsync(dashedOperandsLast(process.argv))
} catch (error) {
  // Set, not called: what is still on its way to a pipe arrives.
  process.exitCode = await exitCodeOf(error)
}
