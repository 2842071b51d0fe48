import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { CacheService, RedisKitEvents, type CacheCallOptions } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate, type Gate } from '../support/gate.js';

const PATIENCE = { within: 30_000 };

/** One cell: somebody makes a value from old data, and it is invalidated before the value is made. */
interface Cell {
  readonly key: string;
  readonly options: CacheCallOptions;
}

interface Change {
  readonly change: string;
  apply(cache: CacheService, cell: Cell): Promise<unknown>;
}

const tagsOf = ({ key }: Pick<Cell, 'key'>) => [`tag:${key}`];

const CHANGES: Change[] = [
  // First, since it concerns what the others leave behind.
  { change: 'clear', apply: (cache) => cache.clear() },
  { change: 'delete', apply: (cache, { key }) => cache.delete(key) },
  { change: 'invalidateTags', apply: (cache, cell) => cache.invalidateTags(...tagsOf(cell)) },
  {
    change: 'put',
    apply: (cache, cell) => cache.put(cell.key, () => 'put', { tags: tagsOf(cell) }),
  },
  { change: 'set', apply: (cache, cell) => cache.set(cell.key, 'set', { tags: tagsOf(cell) }) },
];

interface Maker {
  readonly maker: string;
  readonly options: CacheCallOptions;
  /** Has the cache run the factory; resolves when it runs. Answers what to wait for where somebody waits for it. */
  begin(cache: CacheService, cell: Cell, old: Gate<string>): Promise<Promise<unknown>[]>;
}

/** A stale value stands, and the first read of it starts the factory without waiting for it. */
async function beginBehindStale(cache: CacheService, { key, options }: Cell, old: Gate<string>) {
  await cache.getOrSet(key, () => 'old', options);
  await cache.expire(key);
  expect(await cache.getOrSet(key, old.factory, options)).toBe('old');
  await old.entered;
  return [];
}

const MAKERS: Maker[] = [
  {
    maker: 'a factory that is waited for',
    options: { ttl: '1h' },
    begin: async (cache, { key, options }, old) => {
      const late = cache.getOrSet(key, old.factory, options);
      await old.entered;
      return [late];
    },
  },
  {
    maker: 'a refresh behind a stale value',
    options: { ttl: '1h', staleWhileRevalidate: '1h' },
    begin: beginBehindStale,
  },
  {
    maker: 'a factory too slow to be waited for',
    options: { ttl: '1h', staleIfError: '1h', factoryTimeout: { soft: 1 } },
    begin: beginBehindStale,
  },
  {
    maker: 'an early refresh',
    options: { ttl: '20s', jitter: 0, earlyRefresh: 100 },
    begin: async (cache, { key, options }, old) => {
      const takesTime = () => {
        const until = performance.now() + 20;
        while (performance.now() < until);
        return 'old';
      };
      // The most eager reader there is.
      const random = jest.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON / 2);
      try {
        await cache.getOrSet(key, takesTime, options);
        expect(await cache.getOrSet(key, old.factory, options)).toBe('old');
        await old.entered;
      } finally {
        random.mockRestore();
      }
      return [];
    },
  },
];

describeTopologies('a value made from old data by', (topology) => {
  let apps: INestApplicationContext[];
  let caches: CacheService[];
  const keys: string[] = [];
  beforeAll(async () => {
    const options = {
      namespace: isolatedNamespace(),
      connections: { default: topology.connectionOptions() },
      caches: { default: { l1: {}, deadline: '10s', invalidationDeadline: '10s' } },
    } as const;
    apps = await Promise.all([startApplication(options), startApplication(options)]);
    caches = apps.map((app) => app.get(CacheService));
    await allArmed();
  });
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  const allArmed = () =>
    eventually(() => caches.every(({ localMemory }) => localMemory === 'armed'), PATIENCE);

  /** Resolves when the cache has done what nobody waits for. */
  const refreshed = (key: string) =>
    new Promise<void>((resolve) => {
      const stops = apps.map((app) =>
        app.get(RedisKitEvents).on('cache.refreshed', (event) => {
          if (event.key !== key) return;
          for (const stop of stops) stop();
          resolve();
        }),
      );
    });

  const CELLS = CHANGES.flatMap(({ change, apply }) =>
    MAKERS.flatMap(({ maker, ...how }) =>
      ['the same process', 'another process'].map((who) => ({ change, apply, maker, who, ...how })),
    ),
  );

  it.each(CELLS)(
    '$maker is served to nobody after $change by $who',
    async ({ change, apply, maker, who, options: freshness, begin }) => {
      const cell = { key: `${change}, ${maker}, ${who}`, options: freshness };
      const { key } = cell;
      const options = { ...freshness, tags: tagsOf(cell) };
      keys.push(key);
      const here = caches[0]!;
      const invalidator = who === 'the same process' ? here : caches[1]!;
      const old = gate<string>();
      const inBackground = refreshed(key);
      const waitedFor = await begin(here, { key, options }, old);
      await apply(invalidator, { key, options });
      const read = (cache: CacheService) => cache.getOrSet(key, () => 'new', options);
      // At once where it was invalidated; elsewhere when its message has arrived.
      expect(await read(invalidator)).not.toBe('old');
      old.open('old');
      await (waitedFor.length > 0 ? waitedFor[0] : inBackground);
      expect(await read(invalidator)).not.toBe('old');
      await eventually(async () => expect(await read(here)).not.toBe('old'), PATIENCE);
      for (let again = 0; again < 3; again++) {
        for (const cache of caches) expect(await read(cache)).not.toBe('old');
      }
    },
  );

  it('any of these is served to nobody when memory is trusted anew either', async () => {
    const suspended = apps.map(
      (app) => new Promise((resolve) => app.get(RedisKitEvents).on('tracking.suspended', resolve)),
    );
    const masters = await topology.masters();
    await Promise.all(masters.map((server) => server.killClients({ type: 'pubsub' })));
    await Promise.all(suspended);
    await allArmed();
    expect(keys).toHaveLength(CELLS.length);
    for (const cache of caches) {
      for (const value of (await cache.getMany(keys)).values()) expect(value).not.toBe('old');
    }
  });
});
