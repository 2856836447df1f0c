import { METHODS, type Result, type Router } from 'hono/router'
import { TrieRouter } from 'hono/router/trie-router'

const HAS_PARAMETER = /[:*?{]/
const usualMethods: ReadonlySet<string> = new Set([...METHODS, 'head'].map((method) => method.toUpperCase()))

/**
 * Hono's trie, whose answer for a path without a parameter is kept: most calls are to such paths, and a search costs more
 * than all that a short call does of its own. Hono's quicker router does not take our paths: `/me/factors/:id/activate`
 * beside `/me/factors/recovery-codes` is too much for its one regular expression.
 */
export class FixedPathRouter<T> implements Router<T> {
  readonly name = 'FixedPathRouter'
  readonly #trie = new TrieRouter<T>()
  /** By fixed path, then by method: no more than there are routes and usual methods, whatever is asked. */
  readonly #known = new Map<string, Map<string, Result<T>>>()

  add(method: string, path: string, handler: T): void {
    this.#trie.add(method, path, handler)
    for (const answers of this.#known.values()) answers.clear()
    if (!HAS_PARAMETER.test(path) && !this.#known.has(path)) this.#known.set(path, new Map())
  }

  match(method: string, path: string): Result<T> {
    const answers = this.#known.get(path)
    const known = answers?.get(method)
    if (known !== undefined) return known
    const found = this.#trie.match(method, path)
    if (usualMethods.has(method)) answers?.set(method, found)
    return found
  }
}
