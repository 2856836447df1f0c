import { type NextRequest, NextResponse } from 'next/server'
import { sessionOf } from '@/lib/auth-options'
import { register } from '@/lib/guichet'
import { sealSession } from '@/lib/session-cookie'

const fields = ['name', 'surname', 'email', 'username', 'password'] as const

/** Signs somebody up, and in: the tokens that come with the answer go into the cookie, and no further. */
export async function POST(request: NextRequest): Promise<NextResponse> {
  if (!isOwnForm(request)) return NextResponse.json({ kind: 'unreachable' }, { status: 403 })
  const said: Record<string, unknown> = (await request.json().catch(() => null)) ?? {}
  const [name, surname, email, username, password] = fields.map((field) => String(said[field] ?? ''))
  const registration = { name, surname, email, username, password } as Parameters<typeof register>[0]
  const registered = await register(registration, (header) => request.headers.get(header))
  if (!registered.ok) return NextResponse.json(registered.problem, { status: 400 })
  const { user, access_token, refresh_token } = registered.value
  if (!user || !access_token || !refresh_token) return NextResponse.json({ signedIn: false })

  const response = NextResponse.json({ signedIn: true })
  const { id: sub, ...session } = sessionOf(user, { access_token, refresh_token })
  for (const cookie of await sealSession({ sub, ...session }, request.cookies.getAll())) {
    response.cookies.set(cookie)
  }
  return response
}

/** Another site can post a form here, but neither as JSON nor under our own origin. */
function isOwnForm(request: NextRequest): boolean {
  const isJson = request.headers.get('content-type')?.startsWith('application/json') ?? false
  return isJson && request.headers.get('sec-fetch-site') !== 'cross-site'
}
