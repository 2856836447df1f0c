/** The Worker as `npm run deploy` bundles it, and where it runs. */
export interface WorkerPlace {
  readonly port: number
  /** The WebAssembly beside the bundle, which imports it by these names. */
  readonly wasmNames: readonly string[]
  readonly databaseUrl: string
  /** Its settings, as `[vars]` and secrets would give them. */
  readonly settings: Readonly<Record<string, string>>
  readonly compatibilityDate: string
  readonly compatibilityFlags: readonly string[]
}

/** Names the bundle beside the configuration. */
export const bundleName = 'worker.js'

/** A configuration of workerd, in the text form of Cap'n Proto. Its Hyperdrive is a plain connection to the database. */
export function workerdConfig(place: WorkerPlace): string {
  const { hostname, port, pathname, username, password } = new URL(place.databaseUrl)
  const settings = Object.entries(place.settings).map(
    ([name, value]) => `(name = ${text(name)}, text = ${text(value)}),`,
  )
  const wasm = place.wasmNames.map((name) => `(name = ${text(name)}, wasm = embed ${text(name)}),`)
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "guichet", worker = .guichet),
    # An upstream on this machine has a private address.
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "database", external = (address = ${text(`${hostname}:${port}`)}, tcp = ())),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${place.port}", http = (), service = "guichet")],
);

const guichet :Workerd.Worker = (
  modules = [
    (name = ${text(bundleName)}, esModule = embed ${text(bundleName)}),
    ${wasm.join('\n    ')}
  ],
  compatibilityDate = ${text(place.compatibilityDate)},
  compatibilityFlags = [${place.compatibilityFlags.map(text).join(', ')}],
  bindings = [
    (name = "HYPERDRIVE", hyperdrive = (
      designator = "database", scheme = "postgresql", database = ${text(pathname.slice(1))},
      user = ${text(decodeURIComponent(username))}, password = ${text(decodeURIComponent(password))},
    )),
    ${settings.join('\n    ')}
  ],
);
`
}

/** The date and the flags of a wrangler.toml. @throws Error when they are not where they were */
export function readCompatibility(
  toml: string,
): Pick<WorkerPlace, 'compatibilityDate' | 'compatibilityFlags'> {
  const date = /^compatibility_date = "(.+)"$/m.exec(toml)?.[1]
  const flags = /^compatibility_flags = (\[.*\])$/m.exec(toml)?.[1]
  if (date === undefined || flags === undefined) {
    throw new Error('wrangler.toml names its compatibility_date and compatibility_flags in another way.')
  }
  return { compatibilityDate: date, compatibilityFlags: JSON.parse(flags) }
}

/** Cap'n Proto's texts are written as those of JSON, as far as ours go. */
const text = (value: string) => JSON.stringify(value)
