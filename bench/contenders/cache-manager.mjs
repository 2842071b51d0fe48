// @ts-check
import { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { peerVersion } from '../lib/versions.mjs';

/** Keyv on node-redis as its only store; otherwise its defaults. */
/** @type {import('../lib/read-through.mjs').Contender} */
export const cacheManager = {
  name: 'cache-manager',
  versions: {
    'cache-manager': peerVersion('cache-manager'),
    keyv: peerVersion('keyv'),
    '@keyv/redis': peerVersion('@keyv/redis'),
    '@redis/client': peerVersion('@redis/client'),
  },
  open: async ({ name, url, ttlMs, load }) => {
    const cache = createCache({ ttl: ttlMs, stores: [createKeyv(url, { namespace: name })] });
    return {
      readThrough: (id) => cache.wrap(`product:${id}`, () => load(id)),
      close: () => cache.disconnect(),
    };
  },
};
