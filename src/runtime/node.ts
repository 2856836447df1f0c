import './quick-start.ts'

await import('./serve.ts')
