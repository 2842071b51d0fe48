import { expect, it } from '@jest/globals';
import { CacheKeyError, CacheService, type FactoryContext } from 'nestjs-redis-kit';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import { gate } from '../support/gate.js';
import { isolatedNamespace } from 'nestjs-redis-kit/testing';

describeTopologies('tags named by the factory', (topology) => {
  async function withProcesses(run: (one: CacheService, two: CacheService) => Promise<void>) {
    const namespace = isolatedNamespace();
    const start = () =>
      startApplication({
        namespace,
        connections: { default: topology.connectionOptions() },
        caches: { default: { deadline: '5s', leaderWait: '20s', tracking: false } },
      });
    const apps = [await start(), await start()] as const;
    try {
      await run(apps[0].get(CacheService), apps[1].get(CacheService));
    } finally {
      await Promise.all(apps.map((app) => app.close()));
    }
  }

  const tagged =
    <T>(value: T, ...tags: string[]) =>
    (context: FactoryContext<T>) => {
      context.setTags(...tags);
      return value;
    };

  it('are accepted once this process has known their tokens before the factory started', async () => {
    await withProcesses(async (one, two) => {
      expect(await one.getOrSet('key', tagged('first', 'late'))).toBe('first');
      expect(await two.lookup('key')).toEqual({ hit: false });
      expect(await one.getOrSet('key', tagged('second', 'late'))).toBe('second');
      expect(await two.get('key')).toBe('second');
      await two.invalidateTags('late');
      expect(await one.lookup('key')).toEqual({ hit: false });
      // The invalid entry that stands there tells the new token to anybody who makes the value anew.
      expect(await two.getOrSet('key', tagged('third', 'late'))).toBe('third');
      expect(await one.get('key')).toBe('third');
    });
  });

  it('keep a value out that was read before their invalidation, wherever that was', async () => {
    await withProcesses(async (one, two) => {
      for (const invalidator of [one, two]) {
        await one.getOrSet('warm', tagged(1, 'late'));
        const slow = gate<void>();
        const late = one.getOrSet('key', async (context) => {
          await slow.factory();
          context.setTags('late');
          return 'old';
        });
        await slow.entered;
        await invalidator.invalidateTags('late');
        // Nobody who asks here from now on shares the old value.
        const joined = invalidator === one ? one.getOrSet('key', () => 'new') : undefined;
        slow.open();
        expect(await late).toBe('old');
        if (joined) expect(await joined).toBe('new');
        else expect(await two.lookup('key')).toEqual({ hit: false });
        await one.delete('key');
      }
    });
  });

  it('keep a value out although this process has learnt the new token meanwhile', async () => {
    await withProcesses(async (one) => {
      await one.getOrSet('warm', tagged(1, 'late'));
      const slow = gate<void>();
      const late = one.getOrSet('key', async (context) => {
        await slow.factory();
        context.setTags('late');
        return 'old';
      });
      await slow.entered;
      await one.invalidateTags('late');
      await one.getOrSet('other', tagged(2, 'late'));
      slow.open();
      expect(await late).toBe('old');
      expect(await one.lookup('key')).toEqual({ hit: false });
    });
  });

  it('are checked as declared ones are', async () => {
    await withProcesses(async (one) => {
      await expect(one.getOrSet('key', tagged(1, ''))).rejects.toThrow(CacheKeyError);
      const many = Array.from({ length: 64 }, (_, i) => `tag ${i}`);
      const call = one.getOrSet('key', tagged(1, ...many), { tags: ['one more'] });
      await expect(call).rejects.toThrow('at most 64 tags');
    });
  });
});
