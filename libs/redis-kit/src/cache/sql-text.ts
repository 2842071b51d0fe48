import { hash } from 'node:crypto';
import { argumentText } from './argument-text.js';
import { CacheKeyError } from './cache.errors.js';

/** A query that can tell its SQL and its parameters, without being run. */
export type SqlSource =
  /** Drizzle */
  | { toSQL(): { readonly sql: string; readonly params: readonly unknown[] } }
  /** Kysely */
  | { compile(): { readonly sql: string; readonly parameters: readonly unknown[] } }
  /** TypeORM */
  | { getQueryAndParameters(): [text: string, params: unknown[]] }
  | SqlText;

/** SQL by hand. */
export interface SqlText {
  readonly text: string;
  readonly params: readonly unknown[];
}

/** What is asked: the text and the parameters. */
export function sqlOf(query: SqlSource): SqlText {
  const { text, params } = read(query);
  if (typeof text === 'string' && text !== '' && Array.isArray(params)) return { text, params };
  throw new CacheKeyError(
    'A cached query needs toSQL(), compile(), getQueryAndParameters(), or text and params',
  );
}

/** 128 bits of SHA-256 over text and parameters; parameters of different types are different: `1`, `'1'`, a Date. */
export function sqlDigest({ text, params }: SqlText): string {
  return hash('sha256', argumentText([text, params]), 'buffer')
    .subarray(0, 16)
    .toString('base64url');
}

function read(query: SqlSource): { text: unknown; params: unknown } {
  if ('toSQL' in query) {
    const { sql, params } = query.toSQL();
    return { text: sql, params };
  }
  if ('compile' in query) {
    const { sql, parameters } = query.compile();
    return { text: sql, params: parameters };
  }
  if ('getQueryAndParameters' in query) {
    const [text, params] = query.getQueryAndParameters();
    return { text, params };
  }
  return query;
}
