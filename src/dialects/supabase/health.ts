import { z } from '@hono/zod-openapi'
import { answer } from './answer.ts'
import { endpoint } from './endpoint.ts'

/** Says that the process answers, under the name that clients look for; it asks no database. */
export const healthEndpoint = endpoint({
  method: 'get',
  path: '/health',
  summary: 'Show that this face answers',
  answer: z.object({ version: z.string(), name: z.string(), description: z.string() }),
  errors: [],
  async handle(c) {
    return answer(c, {
      version: 'v2',
      name: 'GoTrue',
      description: 'GoTrue is a user registration and authentication API',
    })
  },
})
