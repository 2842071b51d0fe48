import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import type { ShopDatabase } from '../database/shop-database.js';
import { categoryOf } from './categories.js';
import { type NewProductRow, products } from './products.table.js';
import { readableTitle } from './title.js';

const catalogueFile = fileURLToPath(new URL('../../data/products.csv', import.meta.url));

/** Keeps one INSERT far below PostgreSQL's limit of 65,535 parameters. */
const batchSize = 500;

/** Any number, the same in every process: whoever holds the lock of this name may seed. */
const seedLock = 7_214_003;

/**
 * Fills an empty products table with the whole catalogue, in one transaction: a process that dies halfway leaves it
 * empty, and the next one starts again. Processes that start together take turns.
 *
 * @returns the number of products inserted; 0 when the table already had some
 */
export async function seedCatalogue(database: ShopDatabase): Promise<number> {
  if (await hasProducts(database)) return 0;
  const rows = parseCatalogue(await readFile(catalogueFile, 'utf8'));
  return database.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(${seedLock})`);
    if (await hasProducts(transaction)) return 0;
    for (let start = 0; start < rows.length; start += batchSize) {
      await transaction.insert(products).values(rows.slice(start, start + batchSize));
    }
    return rows.length;
  });
}

async function hasProducts(database: ShopDatabase): Promise<boolean> {
  const [product] = await database.select({ id: products.id }).from(products).limit(1);
  return product !== undefined;
}

/** The rows of the source file, as the shop sells them. */
export function parseCatalogue(csv: string): NewProductRow[] {
  return csv
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line, index) => {
      const [id, description, price] = fields(line);
      const pricePence = Math.round(Number(price) * 100);
      if (!id || !description || !Number.isInteger(pricePence)) {
        throw new Error(
          `Line ${index + 2} of the catalogue is not "code,description,price": ${line}`,
        );
      }
      const title = readableTitle(description);
      return {
        id,
        title,
        category: categoryOf(title),
        pricePence,
        stock: stockOf(id),
        introduced: introducedOf(id),
      };
    });
}

function fields(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field = '']) =>
    field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field,
  );
}

/**
 * The retailer numbered new lines upwards within the 20000s: of the lines above 23000 none was sold in December 2010,
 * of those below nearly all. The other series are older ranges whose numbers say nothing about time.
 */
function introducedOf(id: string): number {
  const number = Number.parseInt(id, 10);
  return number >= 20_000 && number < 30_000 ? number : 0;
}

/** FNV-1a over the code: looks random, is the same on every machine. About one line in twelve is sold out. */
function stockOf(id: string): number {
  let hash = 0x811c9dc5;
  for (const character of id) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return hash % 12 === 0 ? 0 : (hash >>> 4) % 240;
}
