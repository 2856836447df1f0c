import { z } from 'zod'
import { isPermission } from '../core/permissions.ts'
import { isForbiddenField } from './forbidden-fields.ts'
import { mirrorMethods } from './match.ts'
import { readPattern } from './pattern.ts'

const FIELD_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/
const FIELD_VALUE = /^[\t\x20-\x7e]*$/
const HOST = /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$|^\[[0-9a-f:.]+\]$/
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)*$/
/** Names of service bindings, as JavaScript has identifiers. */
const BINDING = /^[A-Za-z_$][A-Za-z0-9_$]*$/

const milliseconds = (min: number) =>
  z.int(`must be a whole number of milliseconds from ${min} to 3600000`).min(min).max(3_600_000)

const url = z.string().refine(isUpstreamUrl, {
  error: 'must be an http or https URL without user, query or fragment, or the name of an upstream',
})
const reference = z.union([url, z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)], {
  error: 'must be an http or https URL, or the name of an upstream of this file',
})
const binding = z.strictObject({
  binding: z.string().regex(BINDING, 'must be the name of a service binding'),
})
const urls = z
  .array(url)
  .min(1, 'must name one at least')
  .max(32)
  .refine((all) => new Set(all.map((one) => URL.parse(one)?.pathname)).size <= 1, {
    error: 'must all have the same path',
  })

const anUpstream = 'must be a URL, a list of URLs, the name of an upstream, or { binding: NAME }'

const fieldRules = z
  .strictObject({
    set: z
      .record(
        z.string(),
        z.string().max(4096).regex(FIELD_VALUE, 'must be printable ASCII without line breaks'),
      )
      .default({})
      .superRefine((fields, context) => {
        for (const name of Object.keys(fields)) {
          if (FIELD_NAME.test(name) && !isForbiddenField(name)) continue
          context.addIssue({ code: 'custom', path: [name], message: 'is not a field that a rule may set' })
        }
      }),
    remove: z.array(z.string().regex(FIELD_NAME, 'must be the name of a header field')).default([]),
  })
  .default({ set: {}, remove: [] })

/** One route of the file. */
export const routeSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_.:/*-]{1,100}$/, 'must be 1 to 100 letters, digits and -_.:/*')
      .optional(),
    hosts: z
      .array(z.string().toLowerCase().regex(HOST, 'must be a host name without a port, as *.example.com'))
      .default([]),
    path: z
      .string()
      .max(500)
      .regex(/^\/[\x21-\x7e]*$/, { error: 'must be a path like /orders/:id or /orders/*', abort: true })
      .superRefine((path, context) => {
        const pattern = readPattern(path)
        if (!pattern.ok) context.addIssue({ code: 'custom', message: pattern.failure })
      }),
    methods: z
      .array(
        z
          .string()
          .toUpperCase()
          .regex(/^[A-Z][A-Z-]{0,19}$/, 'must be a method like GET')
          .refine((method) => !mirrorMethods.has(method), { error: 'would show what the upstream is sent' }),
      )
      .default([]),
    upstream: z.union([reference, urls, binding], { error: anUpstream }).optional(),
    permissions: z
      .array(z.string().refine(isPermission, { error: 'must be a permission like orders:read' }))
      .default([]),
    public: z.boolean().default(false),
    credentials: z
      .array(z.enum(['token', 'api_key'], { error: 'must be token or api_key' }))
      .min(1)
      .default(['token']),
    strip_prefix: z.string().regex(PREFIX, 'must look like /orders, without a slash at its end').default(''),
    preserve_host: z.boolean().default(false),
    pass_credential: z.boolean().default(false),
    request_headers: fieldRules,
    response_headers: fieldRules,
    timeouts: z
      .strictObject({
        connect_ms: milliseconds(1).default(2000),
        first_byte_ms: milliseconds(1).default(30_000),
        idle_ms: milliseconds(0).default(120_000),
      })
      .prefault({}),
    body_max_bytes: z.int().min(0).default(104_857_600),
    message_max_bytes: z.int().min(1).default(1_048_576),
    rate_limit: z
      .strictObject({
        limit: z.int().min(1).max(1_000_000),
        window_seconds: z.int().min(1).max(2_592_000),
      })
      .optional(),
    identity_token: z.strictObject({ audience: z.string().min(1).max(500) }).optional(),
    stream_outlives_token: z.boolean().default(false),
    mode: z.enum(['enforce', 'shadow'], { error: 'must be enforce or shadow' }).default('enforce'),
  })
  .superRefine((route, context) => {
    const complain = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (route.public && route.permissions.length > 0) {
      complain('permissions', 'ask nothing of a public route: take one of the two out')
    }
    if (route.public && route.identity_token !== undefined) {
      complain('identity_token', 'has nobody to name on a public route')
    }
    if (!isBelow(route.path, route.strip_prefix)) complain('strip_prefix', 'must be the beginning of path')
  })
export type RouteText = z.output<typeof routeSchema>

/** The whole file. */
export const rulesSchema = z.strictObject({
  upstreams: z
    .record(
      z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - and _'),
      z.union([url, urls, binding], { error: 'must be a URL, a list of URLs, or { binding: NAME }' }),
    )
    .default({}),
  routes: z.array(routeSchema).max(10_000),
})
export type UpstreamText = NonNullable<RouteText['upstream']>

/** Says whether a text can be the address of an upstream. */
export function isUpstreamUrl(text: string): boolean {
  const parsed = URL.parse(text)
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) return false
  return parsed.username === '' && parsed.password === '' && parsed.search === '' && parsed.hash === ''
}

function isBelow(path: string, prefix: string): boolean {
  return prefix === '' || path === prefix || path.startsWith(`${prefix}/`)
}
