// @ts-check
import { createRequire } from 'node:module';

/**
 * Loads a package as the library does. A bare import from here would find the peers' packages first, among them an
 * older ioredis.
 */
const requireAsLibrary = createRequire(
  new URL('../../libs/redis-kit/package.json', import.meta.url),
);

/** The driver the library uses. */
export const { Redis } = /** @type {typeof import('../../node_modules/ioredis/built/index.js')} */ (
  requireAsLibrary('ioredis')
);

/** The msgpackr the library uses. */
export const { Packr } = /** @type {typeof import('../../node_modules/msgpackr/index.js')} */ (
  requireAsLibrary('msgpackr')
);

/** The lru-cache the library uses. */
export const { LRUCache } =
  /** @type {typeof import('../../libs/redis-kit/node_modules/lru-cache')} */ (
    requireAsLibrary('lru-cache')
  );
