import type { GatewayContext } from '../http/gateway-env.ts'
import type { Page } from '../http/page.ts'
import { reply } from '../http/reply.ts'
import { sha256 } from '../http/sha256.ts'

/** A text that pages load. Whoever asks for it by its hash may keep it for good. */
export interface PageFile extends Page {
  /** Where a page finds it, in the version that goes with the page. */
  readonly url: (basePath: string) => Promise<string>
}

const YEAR_SECONDS = 31_536_000

/** A file of our own at a path of our own. */
export function pageFile(
  path: string,
  { type, text }: { readonly type: string; readonly text: string },
): PageFile {
  const version = async () => (await sha256(text)).replace(/[^\w]/g, '').slice(0, 16)
  return {
    path,
    url: async (basePath) => `${basePath}${path}?v=${await version()}`,
    async answer(c: GatewayContext) {
      // While a release rolls out, a page of one version may ask an instance of the other: that answer is not kept.
      const isKept = c.req.query('v') === (await version())
      const headers = {
        'Content-Type': `${type}; charset=utf-8`,
        'Cache-Control': isKept ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
      }
      return reply(c, text, { status: 200, headers })
    },
  }
}
