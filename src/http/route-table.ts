import { TrieRouter } from 'hono/router/trie-router'
import { publicRoutes } from './public-routes.ts'

/** One route of the router: its method, its pattern with the operator's prefix, and what it asks of a token. */
export interface RouteRow {
  readonly method: string
  readonly pattern: string
  /** Undefined asks for any valid token, or for none where the route is public. */
  readonly permission: string | undefined
  /** Whether a session that lacks the second factor that its role asks for gets in. */
  readonly isEnrolment: boolean
}

/** Knows of each path which methods it has and which are public. Paths come as the router reads them, `/a/` as `/a`. */
export interface RouteTable {
  readonly isPublic: (method: string, path: string) => boolean
  /** The methods of a path that stands in the table, with their HEAD; empty for any other. */
  readonly methodsOf: (path: string) => readonly string[]
  /** As above, of the public routes alone: what a caller without a token may be told. */
  readonly publicMethodsOf: (path: string) => readonly string[]
  /** The route that a call would reach; undefined when there is none. */
  readonly find: (method: string, path: string) => RouteRow | undefined
  /** Whether a path is the gateway's own: every route, and all below a face, whether or not there is one. */
  readonly owns: (path: string) => boolean
  readonly publicCount: number
}

/** What stands at one path. */
interface Place {
  readonly rows: readonly RouteRow[]
  readonly methods: readonly string[]
  readonly publicMethods: readonly string[]
}

/** Builds the table from the rows of the router, given where the faces are. */
export function routeTable(
  rows: readonly RouteRow[],
  { basePath, faces }: { readonly basePath: string; readonly faces: readonly string[] },
): RouteTable {
  const listed = new Set(publicRoutes.map((row) => withBase(row, basePath)))
  // Only what is there: a public route of a face that is off answers as any unknown path does.
  const open = rows.filter(({ method, pattern }) => listed.has(`${method} ${pattern}`))
  const all = rowLookup(rows)
  const publicOnly = rowLookup(open)
  const look = (path: string): Place => {
    const found = all(path)
    return { rows: found, methods: methodsOf(found), publicMethods: methodsOf(publicOnly(path)) }
  }
  // Asked several times for each call: most paths have no parameter, and the others come at least twice in a row.
  const fixed = new Map(rows.map(({ pattern }) => [pattern, look(pattern)]))
  let last: { readonly path: string; readonly place: Place } | undefined
  const placeOf = (path: string): Place => {
    const known = fixed.get(path)
    if (known !== undefined) return known
    if (last?.path !== path) last = { path, place: look(path) }
    return last.place
  }
  return {
    methodsOf: (path) => placeOf(path).methods,
    isPublic: (method, path) => takes(placeOf(path).publicMethods, method),
    publicMethodsOf: (path) => placeOf(path).publicMethods,
    find: (method, path) => placeOf(path).rows.find((row) => takes(withHead(row.method), method)),
    owns: (path) =>
      faces.some((face) => `${path}/`.startsWith(`${basePath}${face}/`)) || placeOf(path).rows.length > 0,
    publicCount: open.length,
  }
}

/** Answers, by the same router's rules, which routes a path has. */
function rowLookup(rows: readonly RouteRow[]): (path: string) => readonly RouteRow[] {
  const router = new TrieRouter<RouteRow>()
  for (const row of rows) router.add('ALL', row.pattern, row)
  return (path) => {
    const [matches] = router.match('ALL', path)
    return matches.map(([row]) => row as RouteRow)
  }
}

/** Where a path of the list lives when the operator moves the faces: health and well-known stay at the root. */
export function moved(path: string, basePath: string): string {
  return path.startsWith('/health/') || path.startsWith('/.well-known/') ? path : basePath + path
}

function withBase(row: string, basePath: string): string {
  const [method, path = ''] = row.split(' ')
  return `${method} ${moved(path, basePath)}`
}

/** Whether a method is among those of a route; `ALL` is what it says. */
function takes(methods: readonly string[], method: string): boolean {
  return methods.includes(method) || methods.includes('ALL')
}

function methodsOf(rows: readonly RouteRow[]): readonly string[] {
  return rows.flatMap(({ method }) => withHead(method))
}

function withHead(method: string): readonly string[] {
  return method === 'GET' ? ['GET', 'HEAD'] : [method]
}
