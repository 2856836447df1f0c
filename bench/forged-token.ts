/** What a thief would try: every permission, under the old signature. */
export function widened(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const wider = Buffer.from(JSON.stringify({ ...claims, scope: '*' })).toString('base64url')
  return `${header}.${wider}.${signature}`
}
