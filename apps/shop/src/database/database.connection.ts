import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator';
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite';
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator';
import pg from 'pg';
import type { ShopConfig } from '../shop.config.js';
import { DataDirectoryLock } from './data-directory-lock.js';
import { PgliteServer } from './pglite-server.js';
import type { ShopDatabase } from './shop-database.js';

const migrationsFolder = fileURLToPath(new URL('../../drizzle', import.meta.url));

/** Any number, the same in every process: whoever holds the lock of this name may migrate. */
const migrationLock = 7_214_002;

/** An open database with the current schema. */
export interface DatabaseConnection {
  readonly database: ShopDatabase;
  /** Where the data is, for the log; without credentials. */
  readonly description: string;
  close(): Promise<void>;
}

/** The database could not be reached or opened; the cause says why. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
  readonly code = 'DATABASE_UNAVAILABLE';
}

export async function openDatabase(config: ShopConfig): Promise<DatabaseConnection> {
  return config.DATABASE_URL === undefined
    ? openEmbedded(config.SHOP_DATA_DIR, config.SHOP_PG_SOCKET_PORT)
    : openServer(config.DATABASE_URL);
}

async function openServer(url: string): Promise<DatabaseConnection> {
  const { host, pathname } = new URL(url);
  const description = `PostgreSQL at ${host}${pathname}`;
  const pool = openPool(url);
  try {
    await migrateServer(pool);
  } catch (cause) {
    await pool.end();
    throw new DatabaseUnavailableError(
      `${description} could not be prepared (${reasonOf(cause)}). Check DATABASE_URL and that the server is up; ` +
        `without DATABASE_URL the shop uses an embedded database.`,
      { cause },
    );
  }
  return { database: drizzlePg(pool), description, close: () => pool.end() };
}

async function openEmbedded(
  directory: string,
  socketPort: number | undefined,
): Promise<DatabaseConnection> {
  const path = resolve(directory);
  const lock = await DataDirectoryLock.acquire(path);
  const opened: (() => Promise<void>)[] = [() => lock.release()];
  const close = async (): Promise<void> => {
    for (let step = opened.pop(); step; step = opened.pop()) await step();
  };
  try {
    await mkdir(dirname(path), { recursive: true });
    const pglite = await PGlite.create({ dataDir: path });
    opened.push(() => pglite.close());
    const embedded = drizzlePglite(pglite);
    await migratePglite(embedded, { migrationsFolder });
    if (socketPort === undefined) {
      return { database: embedded, description: `embedded PostgreSQL in ${path}`, close };
    }
    const server = await PgliteServer.start(pglite, socketPort);
    opened.push(() => server.stop());
    const pool = openPool(server.url);
    opened.push(() => pool.end());
    return {
      database: drizzlePg(pool),
      description: `embedded PostgreSQL in ${path}, served at ${server.url}`,
      close,
    };
  } catch (cause) {
    await close();
    throw new DatabaseUnavailableError(
      `The embedded database in ${path} could not be opened (${reasonOf(cause)}).`,
      { cause },
    );
  }
}

function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 5_000,
    // A server that accepts and then says nothing must not hold a page for ever.
    query_timeout: 10_000,
  });
  // An idle connection that breaks announces it here, and an unheard error ends the process; the pool opens another one.
  pool.on('error', () => undefined);
  return pool;
}

/** Drizzle's migrator takes no lock: of two processes that start together, one would fail on the other's table. */
async function migrateServer(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await migratePg(drizzlePg(client), { migrationsFolder });
  } finally {
    // Closing the session frees the lock, also when the unlock itself would fail.
    await client.query('select pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined);
    client.release();
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? cause.message : String(cause);
}
