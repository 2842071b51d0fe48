import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

/** Drizzle on whichever driver is in use. Inside `transaction` only the handle it gives may be used: PGlite has one connection. */
export type ShopDatabase = PgDatabase<PgQueryResultHKT>;

export const SHOP_DATABASE = Symbol('shop:database');
