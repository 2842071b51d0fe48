// @ts-check
import { openBento } from '../contenders/bentocache.mjs';
import { openRedisKit, redisKitVersions } from '../contenders/redis-kit.mjs';
import { Redis } from '../lib/library.mjs';
import { fromSamples } from '../lib/report.mjs';
import { peerVersion } from '../lib/versions.mjs';
import { within } from '../lib/within.mjs';

/**
 * @typedef {import('../lib/run-suites.mjs').Context} Context
 * @typedef {object} Contender
 * @property {string} name
 * @property {boolean} isFilledInBulk
 * @property {(ids: readonly string[], tag: string) => Promise<unknown>} fill
 * @property {(tag: string) => Promise<unknown>} invalidate
 * @property {(id: string) => Promise<unknown>} read undefined when it is gone
 * @property {() => Promise<unknown>} close
 */

const TTL_MS = 60 * 60 * 1_000;
const MEMBERS = [1_000, 10_000, 100_000, 1_000_000];
/** Filling takes longest: large sets are invalidated fewer times, and by those who are filled in bulk. */
const MANY_MEMBERS = 100_000;
const ROUNDS_OF_MANY = 2;
/** A quick run leaves out what takes minutes to fill. */
const MEMBERS_OF_A_QUICK_RUN = [1_000, 10_000];
const CHUNK = 1_000;
const LIMIT_MS = 300_000;

/** One tag, and everything that carries it: how long an invalidation takes, and how long others wait for Redis. */
/** @type {import('../lib/run-suites.mjs').Suite} */
export const suite = {
  versions: { ...redisKitVersions, bentocache: peerVersion('bentocache') },
  run: async (context) => {
    const cases = [];
    const isQuick = context.settings.seconds < 1;
    for (const members of isQuick ? MEMBERS_OF_A_QUICK_RUN : MEMBERS) {
      cases.push(...(await withMembers(context, members)));
    }
    return cases;
  },
};

/**
 * @param {Context} context
 * @param {number} members
 */
async function withMembers({ suite: name, server, settings }, members) {
  const all = await open(server.url);
  const contenders = all.filter(({ isFilledInBulk }) => isFilledInBulk || members <= MANY_MEMBERS);
  const ids = Array.from({ length: members }, (_, at) => `m${at}`);
  const rounds =
    members < MANY_MEMBERS ? settings.rounds : members > MANY_MEMBERS ? 1 : ROUNDS_OF_MANY;
  /** @type {Map<string, number[]>} */
  const took = new Map(contenders.map((contender) => [contender.name, []]));
  /** @type {Map<string, number[]>} */
  const stalls = new Map(contenders.map((contender) => [contender.name, []]));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        await within(LIMIT_MS, `filling ${contender.name}`, contender.fill(ids, `tag${round}`));
        const watch = await watchServer(server.url);
        const startedAt = performance.now();
        await within(LIMIT_MS, contender.name, contender.invalidate(`tag${round}`));
        took.get(contender.name)?.push(performance.now() - startedAt);
        stalls.get(contender.name)?.push(await watch.longestWaitMs());
        for (const id of [ids[0] ?? '', ids.at(-1) ?? '']) {
          if ((await contender.read(id)) !== undefined) {
            throw new Error(`${contender.name} still serves ${id}`);
          }
        }
        await server.call('FLUSHALL', 'SYNC');
      }
    }
  } finally {
    await Promise.allSettled(all.map((contender) => contender.close()));
  }
  const label = members.toLocaleString('en');
  return [
    fromSamples({ suite: name, name: `a tag of ${label} members`, unit: 'ms' }, took),
    fromSamples(
      {
        suite: name,
        name: `a tag of ${label} members: longest wait of another client`,
        unit: 'ms',
      },
      stalls,
    ),
  ];
}

/**
 * Asks Redis for something trivial all the time, as other requests of the application would.
 * @param {string} url
 */
async function watchServer(url) {
  const redis = new Redis(url, { protocol: 2 });
  await redis.ping();
  const stop = new AbortController();
  let longest = 0;
  const watching = (async () => {
    while (!stop.signal.aborted) {
      const askedAt = performance.now();
      await redis.ping();
      longest = Math.max(longest, performance.now() - askedAt);
    }
  })();
  return {
    longestWaitMs: async () => {
      stop.abort();
      await watching;
      redis.disconnect();
      return longest;
    },
  };
}

/**
 * @param {string} url
 * @returns {Promise<Contender[]>}
 */
async function open(url) {
  const redis = new Redis(url, { protocol: 2 });
  const { app, cache } = await openRedisKit({
    name: 'invalidation',
    url,
    options: { ttl: TTL_MS, deadline: '30s' },
  });
  const bento = openBento(url, TTL_MS);
  return [
    {
      // What one writes by hand, and what many packages do: a set of the keys of each tag.
      name: 'raw',
      isFilledInBulk: true,
      fill: (ids, tag) =>
        inChunks(ids, async (chunk) => {
          const pipeline = redis.pipeline();
          for (const id of chunk) pipeline.set(`raw:${id}`, id, 'PX', TTL_MS);
          pipeline.sadd(`raw-tag:${tag}`, ...chunk.map((id) => `raw:${id}`));
          await pipeline.exec();
        }),
      invalidate: async (tag) => {
        const keys = await redis.smembers(`raw-tag:${tag}`);
        await inChunks(keys, (chunk) => redis.unlink(...chunk));
        await redis.unlink(`raw-tag:${tag}`);
      },
      read: async (id) => (await redis.get(`raw:${id}`)) ?? undefined,
      close: () => redis.quit(),
    },
    {
      name: 'redis-kit',
      isFilledInBulk: true,
      fill: (ids, tag) =>
        inChunks(ids, (chunk) =>
          cache.setMany(new Map(chunk.map((id) => [id, id])), { tags: [tag] }),
        ),
      invalidate: (tag) => cache.invalidateTags(tag),
      read: (id) => cache.get(id),
      close: () => app.close(),
    },
    {
      name: 'bentocache',
      isFilledInBulk: false,
      fill: (ids, tag) =>
        inChunks(ids, (chunk) =>
          Promise.all(chunk.map((id) => bento.set({ key: id, value: id, tags: [tag] }))),
        ),
      invalidate: (tag) => bento.deleteByTag({ tags: [tag] }),
      read: (id) => bento.get({ key: id }),
      close: () => bento.disconnectAll(),
    },
  ];
}

/**
 * @template T
 * @param {readonly T[]} all
 * @param {(chunk: T[]) => Promise<unknown>} work
 */
async function inChunks(all, work) {
  for (let at = 0; at < all.length; at += CHUNK) await work(all.slice(at, at + CHUNK));
}
