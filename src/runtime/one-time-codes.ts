import type { OneTimeCodes } from '../core/ports.ts'

const missing = (): never => {
  throw new Error('Codes of authenticator apps are not built in yet.')
}

/** The codes of authenticator apps. */
export const oneTimeCodes: OneTimeCodes = {
  newSecret: missing,
  uri: missing,
  matches: missing,
  qrSvg: missing,
}
