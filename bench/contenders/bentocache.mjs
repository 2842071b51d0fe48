// @ts-check
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { peerVersion } from '../lib/versions.mjs';

/** Redis only, no memory layer; otherwise its defaults. */
/** @type {import('../lib/read-through.mjs').Contender} */
export const bentocache = {
  name: 'bentocache',
  versions: { bentocache: peerVersion('bentocache'), 'bentocache/ioredis': peerVersion('ioredis') },
  open: async ({ url, ttlMs, load }) => {
    const { hostname: host, port } = new URL(url);
    const driver = redisDriver({ connection: { host, port: Number(port) } });
    const cache = new BentoCache({
      default: 'redis',
      ttl: ttlMs,
      stores: { redis: bentostore().useL2Layer(driver) },
    });
    return {
      readThrough: (id) => cache.getOrSet({ key: `product:${id}`, factory: () => load(id) }),
      close: () => cache.disconnectAll(),
    };
  },
};
