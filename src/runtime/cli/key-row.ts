import { type OutputMode, shortList, shortTime, writeJson, writeLine, writeTable } from './print.ts'

/** An API key, as the gateway spells it. */
export interface KeyRow {
  readonly id: string
  readonly client_id: string
  readonly name: string
  readonly hint: string
  readonly state: string
  readonly permissions: readonly string[]
  readonly created_at: string
  readonly expires_at: string | null
  readonly retires_at: string | null
  readonly revoked_at: string | null
  readonly revoked_reason: string | null
  readonly successor_id: string | null
  readonly allowed_cidrs: readonly string[]
  readonly rate_limit: { readonly limit: number; readonly window_seconds: number } | null
  readonly quota: number | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly canary: boolean
}

/** A key in the one answer that holds its text too. */
export type FreshKeyRow = KeyRow & { readonly api_key: string }

export function writeKeys(keys: readonly KeyRow[]): void {
  writeTable(
    ['ID', 'NAME', 'STATE', 'PERMISSIONS', 'CREATED', 'EXPIRES'],
    keys.map((key) => [
      key.id,
      key.name,
      key.canary ? `${key.state}, canary` : key.state,
      shortList(key.permissions),
      shortTime(key.created_at),
      shortTime(endOf(key)),
    ]),
  )
}

export function writeKey(key: KeyRow, mode: OutputMode): void {
  if (mode === 'json') writeJson(key)
  else writeKeys([key])
}

/** A key that was just made: the only time that it is seen. */
export function writeFreshKey({ api_key, ...key }: FreshKeyRow, mode: OutputMode): void {
  if (mode === 'json') {
    writeJson({ ...key, api_key })
    return
  }
  writeKeys([key])
  writeLine(`\nThe key itself, which is not shown again:\n\n${api_key}\n`)
}

/** A rotated key ends with its overlap, unless it expires before that. */
function endOf({ expires_at, retires_at }: KeyRow): string | null {
  if (expires_at === null || retires_at === null) return expires_at ?? retires_at
  return expires_at < retires_at ? expires_at : retires_at
}
