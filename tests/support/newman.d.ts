/** newman has no types of its own: what the tests use of it. */
declare module 'newman' {
  interface Variable {
    readonly key: string
    readonly value: string
  }

  export interface RunOptions {
    readonly collection: string | object
    readonly environment?: string | undefined
    readonly envVar?: readonly Variable[]
    readonly folder?: string | readonly string[]
  }

  export interface Summary {
    readonly run: {
      readonly stats: { readonly assertions: { readonly total: number; readonly failed: number } }
      readonly failures: readonly {
        readonly source?: { readonly name: string }
        readonly error: { readonly test?: string; readonly message: string }
      }[]
      readonly executions: readonly {
        readonly item: { readonly name: string }
        readonly request: {
          readonly method: string
          readonly url: { readonly getPath: () => string }
          readonly headers: { readonly get: (name: string) => string | undefined }
        }
        readonly response?: { readonly code: number }
      }[]
    }
  }

  const newman: {
    readonly run: (options: RunOptions, done: (error: Error | null, summary: Summary) => void) => unknown
  }
  export default newman
}
