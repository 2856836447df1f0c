import { z } from '@hono/zod-openapi'
import type { Endpoint } from '../../http/mount.ts'
import { deny } from './deny.ts'
import { serviceEndpoint } from './service-endpoint.ts'

const places = [
  ['get', '/admin/oauth/clients'],
  ['post', '/admin/oauth/clients'],
  ['get', '/admin/oauth/clients/{id}'],
  ['put', '/admin/oauth/clients/{id}'],
  ['delete', '/admin/oauth/clients/{id}'],
  ['post', '/admin/oauth/clients/{id}/regenerate_secret'],
] as const

/** The clients of an OAuth server that is not at this face: programs that ask are told so, and how. */
export const oauthClientEndpoints: readonly Endpoint[] = places.map(([method, path]) =>
  serviceEndpoint({
    method,
    path,
    summary: 'Not here: OAuth clients are clients of the gateway',
    answer: z.object({}),
    errors: [404],
    async handle(c) {
      return deny(c, { status: 404, code: 'feature_disabled', message: 'OAuth server is disabled' })
    },
  }),
)
