// @ts-check
import { Packr, Redis } from '../lib/library.mjs';
import { libraryVersion } from '../lib/versions.mjs';

/** @typedef {import('../lib/read-through.mjs').Contender} Contender */

// RESP2 as in the library, so that the difference is the library's and not the protocol's.
const PROTOCOL = /** @type {const} */ ({ protocol: 2 });

/**
 * The least one writes by hand.
 * @param {string} name
 * @param {{ enableAutoPipelining?: boolean }} options
 * @returns {Contender}
 */
const json = (name, options = {}) => ({
  name,
  versions: { ioredis: libraryVersion('ioredis') },
  open: async ({ url, ttlMs, load }) => {
    const redis = new Redis(url, { ...PROTOCOL, ...options });
    await redis.ping();
    return {
      async readThrough(id) {
        const key = `${name}:product:${id}`;
        const text = await redis.get(key);
        if (text !== null) return JSON.parse(text);
        const product = await load(id);
        await redis.set(key, JSON.stringify(product), 'PX', ttlMs);
        return product;
      },
      close: () => redis.quit(),
    };
  },
});

export const raw = json('raw');

export const rawAutoPipelining = json('raw-auto-pipelining', { enableAutoPipelining: true });

/** @type {Contender} */
export const rawMsgpackr = {
  name: 'raw-msgpackr',
  versions: { ioredis: libraryVersion('ioredis'), msgpackr: libraryVersion('msgpackr') },
  open: async ({ name, url, ttlMs, load }) => {
    const redis = new Redis(url, PROTOCOL);
    const packr = new Packr();
    await redis.ping();
    return {
      async readThrough(id) {
        const key = `${name}:product:${id}`;
        const bytes = await redis.getBuffer(key);
        if (bytes !== null) return packr.unpack(bytes);
        const product = await load(id);
        await redis.set(key, packr.pack(product), 'PX', ttlMs);
        return product;
      },
      close: () => redis.quit(),
    };
  },
};
