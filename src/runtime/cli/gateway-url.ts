import { CliError } from './cli-error.ts'

const DEFAULT_URL = 'http://127.0.0.1:3000'

/** Where the gateway is, without a slash at its end. @throws CliError */
export function gatewayUrl(): string {
  const url = URL.parse(process.env['GUICHET_URL'] || DEFAULT_URL)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new CliError('GUICHET_URL must be an http or https URL.', 'usage')
  }
  if (url.username !== '' || url.password !== '') {
    throw new CliError('GUICHET_URL must not hold a user name or password.', 'usage')
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}
