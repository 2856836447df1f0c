import type { Hono } from 'hono'
import type { GatewayContext, GatewayEnv } from './gateway-env.ts'
import type { Mount } from './mount.ts'

/** A page for people, or a file that it loads: it has a place of its own below BASE_PATH, and no part in the API. */
export interface Page {
  /** As `/account/reset`. */
  readonly path: string
  readonly answer: (c: GatewayContext, place: PagePlace) => Response | Promise<Response>
}

/** Where a page lives, and the face that it speaks to. */
export interface PagePlace {
  /** The operator's prefix before every path; empty for none. */
  readonly basePath: string
  /** The path of the face, with that prefix. */
  readonly facePath: string
}

/** Adds the pages that a face brings for people. */
export function addPagesOf(app: Hono<GatewayEnv>, mount: Mount, basePath: string): void {
  const place = { basePath, facePath: basePath + mount.basePath }
  for (const { path, answer } of mount.pages ?? []) app.get(basePath + path, (c) => answer(c, place))
}
