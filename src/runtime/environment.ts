import { existsSync } from 'node:fs'
import { parseSettings, type Settings } from '../settings/settings.ts'
import { StartError } from './start-error.ts'

/** Reads the process's environment and a `.env` file beside it; what is set already wins. @throws StartError */
export function readSettings(): Settings {
  if (existsSync('.env')) process.loadEnvFile('.env')
  const settings = parseSettings(process.env)
  if (settings.ok) return settings.value
  const lines = settings.failure.map(({ name, problem }) => `  ${name} ${problem}`)
  throw new StartError(`These settings cannot be used:\n${lines.join('\n')}\nSee docs/settings.md.`)
}
