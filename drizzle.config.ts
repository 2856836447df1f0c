import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'postgresql',
  schema: ['./src/store/schema.ts', './src/store/accounts-schema.ts', './src/store/identities-schema.ts'],
  out: './drizzle',
})
