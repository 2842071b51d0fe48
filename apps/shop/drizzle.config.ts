import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './src/catalog/products.table.ts',
  out: './drizzle',
});
