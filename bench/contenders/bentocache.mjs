// @ts-check
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { peerVersion } from '../lib/versions.mjs';

/**
 * Redis only, no memory layer; otherwise its defaults.
 * @param {string} url
 * @param {number} ttlMs
 */
export function openBento(url, ttlMs) {
  const { hostname: host, port } = new URL(url);
  const driver = redisDriver({ connection: { host, port: Number(port) } });
  return new BentoCache({
    default: 'redis',
    ttl: ttlMs,
    stores: { redis: bentostore().useL2Layer(driver) },
  });
}

/** @type {import('../lib/read-through.mjs').Contender} */
export const bentocache = {
  name: 'bentocache',
  versions: { bentocache: peerVersion('bentocache'), 'bentocache/ioredis': peerVersion('ioredis') },
  open: async ({ url, ttlMs, load }) => {
    const cache = openBento(url, ttlMs);
    return {
      readThrough: (id) => cache.getOrSet({ key: `product:${id}`, factory: () => load(id) }),
      close: () => cache.disconnectAll(),
    };
  },
};
