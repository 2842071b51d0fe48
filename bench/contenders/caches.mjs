// @ts-check
import { bentocache } from './bentocache.mjs';
import { cacheManager } from './cache-manager.mjs';
import { raw, rawAutoPipelining, rawMsgpackr } from './raw.mjs';
import { redisKit, redisKitCacheable } from './redis-kit.mjs';

/** Everything that can keep a product in Redis in front of its loader. */
export const caches = [
  raw,
  rawMsgpackr,
  rawAutoPipelining,
  redisKit,
  redisKitCacheable,
  bentocache,
  cacheManager,
];

/** @type {Record<string, string>} */
export const cacheVersions = Object.assign({}, ...caches.map(({ versions }) => versions));
