import type { Result, Router } from 'hono/router'
import { TrieRouter } from 'hono/router/trie-router'

/** Far more than there are fixed paths and methods; beyond it the trie answers. */
const REMEMBERED_MAX = 2000
const HAS_PARAMETER = /[:*?{]/

/**
 * Hono's trie, whose answer for a path without a parameter is kept: most calls are to such paths, and a search costs more than
 * all that a short call does of its own. Hono's quicker router does not take our paths: `/me/factors/:id/activate` beside
 * `/me/factors/recovery-codes` is too much for its one regular expression.
 */
export class FixedPathRouter<T> implements Router<T> {
  readonly name = 'FixedPathRouter'
  readonly #trie = new TrieRouter<T>()
  readonly #fixedPaths = new Set<string>()
  readonly #known = new Map<string, Result<T>>()

  add(method: string, path: string, handler: T): void {
    this.#trie.add(method, path, handler)
    this.#known.clear()
    if (!HAS_PARAMETER.test(path)) this.#fixedPaths.add(path)
  }

  match(method: string, path: string): Result<T> {
    const name = `${method} ${path}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const found = this.#trie.match(method, path)
    if (this.#fixedPaths.has(path) && this.#known.size < REMEMBERED_MAX) this.#known.set(name, found)
    return found
  }
}
