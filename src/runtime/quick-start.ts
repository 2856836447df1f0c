import { enableCompileCache, registerHooks } from 'node:module'

// What is compiled once need not be compiled again. Where the cache cannot be kept, nothing happens.
enableCompileCache()

/**
 * Resolves drizzle's imports of its own files without a look at its package.json: that has 180 KB, and Node 24 parses it
 * anew for each of some two hundred files. Half of the start and 160 MB of memory went into it.
 */
registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context
    if (parentURL?.includes('/node_modules/drizzle-orm/') && /^\.\.?\/.*\.js$/.test(specifier)) {
      return { url: new URL(specifier, parentURL).href, format: 'module', shortCircuit: true }
    }
    return next(specifier, context)
  },
})
