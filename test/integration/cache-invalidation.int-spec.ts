import { expect, it } from '@jest/globals';
import type { Cluster, Redis } from 'ioredis';
import { CacheService, RedisKitEvents, type RedisKitOptions } from 'nestjs-redis-kit';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';

/**
 * What is expected at once of another process: local memory hears of it a moment later (see cache-l1). A busy machine
 * must not look like an outage: without an answer in time a factory leads nobody, and a value is not found.
 */
const AT_ONCE = { tracking: false, deadline: '10s' } as const;

describeTopologies('invalidation', (topology) => {
  let namespace: string;

  async function withProcesses(
    count: number,
    run: (caches: CacheService[], apps: INestApplicationContext[]) => Promise<void>,
    options: RedisKitOptions = {},
  ): Promise<void> {
    namespace = isolatedNamespace();
    const apps = await Promise.all(
      Array.from({ length: count }, () =>
        startApplication({
          namespace,
          connections: { default: topology.connectionOptions() },
          caches: { default: AT_ONCE },
          ...options,
        }),
      ),
    );
    try {
      await run(
        apps.map((app) => app.get(CacheService)),
        apps,
      );
    } finally {
      await Promise.all(apps.map((app) => app.close()));
    }
  }

  const INVALIDATIONS: { name: string; apply: (cache: CacheService) => Promise<unknown> }[] = [
    { name: 'delete', apply: (cache) => cache.delete('key') },
    { name: 'invalidateTags', apply: (cache) => cache.invalidateTags('tag') },
    { name: 'clear', apply: (cache) => cache.clear() },
    { name: 'set', apply: (cache) => cache.set('key', 'new', { tags: ['tag'] }) },
  ];
  const OPTIONS = { tags: ['tag', 'other'] };

  it.each(INVALIDATIONS)(
    'by $name during a factory keeps its late value out, here and elsewhere',
    async ({ apply }) => {
      await withProcesses(2, async ([here, there]) => {
        for (const invalidator of [here!, there!]) {
          await here!.delete('key');
          const old = gate<string>();
          const late = here!.getOrSet('key', old.factory, OPTIONS);
          await old.entered;
          await apply(invalidator);
          // Asked after the invalidation returned: never the old value, neither by joining nor from the store.
          const next = await invalidator.getOrSet('key', () => 'new', { tags: ['tag'] });
          expect(next).toBe('new');
          old.open('old');
          expect(await late).toBe('old');
          for (const cache of [here!, there!]) {
            expect(await cache.getOrSet('key', () => 'new', { tags: ['tag'] })).toBe('new');
          }
        }
      });
    },
  );

  it('elsewhere is heeded by those who ask later, however long the old call goes on', async () => {
    await withProcesses(2, async ([here, there]) => {
      const old = gate<string>();
      const late = here!.getOrSet('key', old.factory, OPTIONS);
      await old.entered;
      const enteredAt = performance.now();
      await there!.delete('key');
      // This process has not heard of it, and lets others join its calls for a second.
      await eventually(() => performance.now() - enteredAt > 1_000);
      expect(await here!.getOrSet('key', () => 'new', OPTIONS)).toBe('new');
      old.open('old');
      expect(await late).toBe('old');
      for (const cache of [here!, there!]) expect(await cache.get('key')).toBe('new');
    });
  });

  it('by FLUSHALL during a factory keeps its late value out, as that of everything else does', async () => {
    await withProcesses(2, async ([here, there]) => {
      await there!.set('other', 'old', OPTIONS);
      const old = gate<string>();
      const late = here!.getOrSet('key', old.factory, OPTIONS);
      await old.entered;
      for (const master of await topology.masters()) await master.call('FLUSHALL');
      old.open('old');
      expect(await late).toBe('old');
      for (const cache of [here!, there!]) {
        expect(await cache.lookup('key')).toEqual({ hit: false });
        expect(await cache.lookup('other')).toEqual({ hit: false });
      }
      expect(await there!.getOrSet('key', () => 'new', OPTIONS)).toBe('new');
      expect(await here!.get('key')).toBe('new');
    });
  });

  it('by tag concerns exactly the entries that carry it', async () => {
    await withProcesses(2, async ([one, two]) => {
      await one!.getOrSet('a', () => 1, { tags: ['red', 'big'] });
      await one!.getOrSet('b', () => 1, { tags: ['red'] });
      await one!.getOrSet('c', () => 1, { tags: ['blue'] });
      await one!.set('d', 1);
      await two!.invalidateTags('red', 'unknown');
      expect(await one!.lookup('a')).toEqual({ hit: false });
      expect(await two!.lookup('b')).toEqual({ hit: false });
      expect(await one!.get('c')).toBe(1);
      expect(await two!.get('d')).toBe(1);
    });
  });

  it('of a token that was evicted makes entries misses, and never valid again', async () => {
    await withProcesses(1, async ([cache]) => {
      await cache!.getOrSet('key', () => 'old', OPTIONS);
      await cache!.invalidateTags('tag');
      const tokens = [
        `${namespace}:v1:cache-tag:{default:tag}`,
        `${namespace}:v1:cache-epoch:{default}`,
      ];
      for (const token of tokens) {
        expect(await topology.admin.pttl(token)).toBeGreaterThan(0);
        await topology.admin.unlink(token);
        expect(await cache!.lookup('key')).toEqual({ hit: false });
      }
      expect(await cache!.getOrSet('key', () => 'new', OPTIONS)).toBe('new');
      expect(await cache!.getOrSet('key', () => 'newer', OPTIONS)).toBe('new');
    });
  });

  it('of a value stored without a tag that is declared now: a miss', async () => {
    await withProcesses(1, async ([cache]) => {
      await cache!.set('key', 'untagged');
      expect(await cache!.getOrSet('key', () => 'tagged', OPTIONS)).toBe('tagged');
    });
  });

  it('runs one factory among processes, and the others get its value', async () => {
    await withProcesses(
      4,
      async (caches) => {
        let runs = 0;
        const slow = gate<string>();
        const factory = () => (runs++, slow.factory());
        const calls = caches.flatMap((cache) =>
          Array.from({ length: 50 }, () => cache.getOrSet('cold', factory, OPTIONS)),
        );
        await slow.entered;
        slow.open('value');
        expect(new Set(await Promise.all(calls))).toEqual(new Set(['value']));
        expect(runs).toBe(1);
      },
      { caches: { default: { ...AT_ONCE, deadline: '5s' } } },
    );
  });

  it('lets another process lead when the first one fails', async () => {
    await withProcesses(2, async ([one, two]) => {
      const failing = gate<string>();
      const first = one!.getOrSet('key', failing.factory);
      await failing.entered;
      const second = two!.getOrSet('key', () => 'second');
      failing.open(Promise.reject(new Error('no data')));
      await expect(first).rejects.toThrow('no data');
      expect(await second).toBe('second');
    });
  });

  it('does not wait for a leader beyond its bound, nor for its own factory', async () => {
    await withProcesses(
      2,
      async ([one, two]) => {
        const stuck = gate<string>();
        const first = one!.getOrSet('key', stuck.factory);
        await stuck.entered;
        expect(await two!.getOrSet('key', () => 'own')).toBe('own');
        expect(await two!.lookup('key')).toEqual({ hit: false });
        stuck.open('leader');
        expect(await first).toBe('leader');
        expect(await two!.get('key')).toBe('leader');
        const inner = () => one!.getOrSet('self', () => 'inner');
        expect(await one!.getOrSet('self', inner)).toBe('inner');
      },
      { caches: { default: { ...AT_ONCE, leaderWait: 50, lease: '30s' } } },
    );
  });

  it('that Redis did not take is loud, queued and replayed; nothing it concerns is served here meanwhile', async () => {
    await withProcesses(1, async ([cache], [app]) => {
      await cache!.getOrSet('tagged', () => 'old', OPTIONS);
      await cache!.getOrSet('deleted', () => 'old');
      let replayed = 0;
      app!
        .get(RedisKitEvents)
        .on('cache.invalidations-replayed', ({ count }) => (replayed += count));
      topology.pauseAll();
      await expect(cache!.invalidateTags('tag')).rejects.toThrow(/queued/);
      await expect(cache!.delete('deleted')).rejects.toThrow(/queued/);
      expect(cache!.pendingInvalidations).toBe(2);
      await topology.resumeAll();
      await eventually(
        async () => {
          expect(await cache!.getOrSet('tagged', () => 'new', OPTIONS)).toBe('new');
          expect(await cache!.getOrSet('deleted', () => 'new')).toBe('new');
          expect(cache!.pendingInvalidations).toBe(0);
          expect(replayed).toBe(2);
        },
        { within: 10_000 },
      );
    });
  });

  it('of everything costs one command, and leaves alone what is not of this cache', async () => {
    await withProcesses(1, async ([cache]) => {
      for (let i = 0; i < 200; i++) await cache!.set(`key-${i}`, i);
      const foreign = `${namespace}:of-another-program`;
      await topology.admin.set(foreign, 'kept', 'PX', 600_000);
      const masters = await topology.masters();
      const before = await Promise.all(masters.map((server) => server.commandStats()));
      await cache!.clear();
      const after = await Promise.all(masters.map((server) => server.commandStats()));
      const calls = (name: string) =>
        sum(after.map((stats) => stats[name]?.calls ?? 0)) -
        sum(before.map((stats) => stats[name]?.calls ?? 0));
      expect(calls('set')).toBe(1);
      const dear = ['flushdb', 'flushall', 'scan', 'keys', 'del', 'unlink', 'evalsha'];
      expect(dear.map(calls)).toEqual(dear.map(() => 0));
      for (const key of ['key-0', 'key-199']) {
        expect(await cache!.lookup(key)).toEqual({ hit: false });
      }
      expect(await topology.admin.get(foreign)).toBe('kept');
    });
  });

  it('costs one command a tag whatever carries it, and every key expires', async () => {
    await withProcesses(1, async ([cache]) => {
      for (let i = 0; i < 200; i++) await cache!.set(`key-${i}`, i, { tags: ['tag'] });
      const masters = await topology.masters();
      const before = await Promise.all(masters.map((server) => server.commandStats()));
      await cache!.invalidateTags('tag');
      const after = await Promise.all(masters.map((server) => server.commandStats()));
      const calls = (name: string) =>
        sum(after.map((stats) => stats[name]?.calls ?? 0)) -
        sum(before.map((stats) => stats[name]?.calls ?? 0));
      expect(calls('set')).toBe(1);
      expect([calls('unlink'), calls('del'), calls('scan'), calls('evalsha')]).toEqual([
        0, 0, 0, 0,
      ]);
      expect(await cache!.lookup('key-0')).toEqual({ hit: false });
      for (const key of await allKeys(topology.admin, `${namespace}:*`)) {
        expect(await topology.admin.pttl(key)).toBeGreaterThan(0);
      }
    });
  });
});

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

async function allKeys(client: Redis | Cluster, match: string): Promise<string[]> {
  const nodes = 'nodes' in client ? client.nodes('master') : [client];
  const keys: string[] = [];
  for (const node of nodes) {
    let cursor = '0';
    do {
      const [next, found] = await node.scan(cursor, 'MATCH', match, 'COUNT', 1_000);
      keys.push(...found);
      cursor = next;
    } while (cursor !== '0');
  }
  return keys;
}
