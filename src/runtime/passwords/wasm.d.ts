/** What wrangler makes of an import that ends so: a module that is compiled already. */
declare module '*.wasm' {
  const wasm: WebAssembly.Module
  // biome-ignore lint/style/noDefaultExport: the host demands one.
  export default wasm
}
