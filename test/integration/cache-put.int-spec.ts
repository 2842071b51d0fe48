import { expect, it } from '@jest/globals';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import {
  CacheEvict,
  CachePut,
  CacheService,
  inTransaction,
  type CacheCallOptions,
} from 'nestjs-redis-kit';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

/** A step that says when it is reached and waits to be let go on. */
class Gate {
  enter!: () => void;
  open!: () => void;
  readonly entered = new Promise<void>((resolve) => (this.enter = resolve));
  readonly #opened = new Promise<void>((resolve) => (this.open = resolve));

  pass(): Promise<void> {
    this.enter();
    return this.#opened;
  }
}

@Injectable()
class Prices {
  @CachePut({ key: 'key', onFailure: 'queue' })
  async save(value: string): Promise<string> {
    return value;
  }

  @CacheEvict({ key: 'key', tags: ['tag'] })
  async remove(): Promise<void> {}
}

describeTopologies('a fenced put', (topology) => {
  const TAGS: CacheCallOptions = { tags: ['tag'] };

  async function withProcesses(
    run: (caches: [CacheService, CacheService], app: INestApplicationContext) => Promise<void>,
    deadlines: object = { deadline: '5s', invalidationDeadline: '5s' },
  ): Promise<void> {
    const namespace = isolatedNamespace();
    const options = {
      namespace,
      connections: { default: topology.connectionOptions() },
      caches: { default: { leaderWait: 50, ...deadlines } },
    };
    const apps = await Promise.all([
      startApplication(options, { providers: [Prices] }),
      startApplication(options, { providers: [Prices] }),
    ]);
    try {
      // On arming, a process applies its recent invalidations again; here that would empty the key at any moment.
      await eventually(() => apps.every((app) => app.get(CacheService).localMemory === 'armed'), {
        within: 10_000,
      });
      await run([apps[0].get(CacheService), apps[1].get(CacheService)], apps[0]);
    } finally {
      await Promise.all(apps.map((app) => app.close()));
    }
  }

  it('stores what the method returned, for every process and by its tags', async () => {
    await withProcesses(async ([here, there]) => {
      await there.getOrSet('key', () => 'old');
      expect(await here.put('key', () => 'new', TAGS)).toBe('new');
      expect(await there.getOrSet('key', () => 'other')).toBe('new');
      await there.invalidateTags('tag');
      expect(await here.lookup('key')).toEqual({ hit: false });
    });
  });

  it('serves the old value to nobody from the moment its method starts', async () => {
    await withProcesses(async ([here, there]) => {
      await here.set('key', 'old');
      const method = new Gate();
      const put = here.put('key', async () => (await method.pass(), 'new'));
      await method.entered;
      for (const cache of [here, there]) expect(await cache.lookup('key')).toEqual({ hit: false });
      method.open();
      await put;
      for (const cache of [here, there]) expect(await cache.get('key')).toBe('new');
    });
  });

  it('keeps out the late value of a factory that read before the change, in either order of their ends', async () => {
    await withProcesses(async ([here, there]) => {
      for (const reader of [here, there]) {
        for (const first of ['factory', 'put']) {
          await here.delete('key');
          const [factory, method] = [new Gate(), new Gate()];
          const late = reader.getOrSet('key', async () => (await factory.pass(), 'old'));
          await factory.entered;
          const put = here.put('key', async () => (await method.pass(), 'new'));
          await method.entered;
          if (first === 'factory') {
            factory.open();
            expect(await late).toBe('old');
          }
          method.open();
          await put;
          // Asked after the put returned: neither joined nor from the store.
          expect(await here.getOrSet('key', () => 'unexpected')).toBe('new');
          factory.open();
          await late;
          for (const cache of [here, there]) expect(await cache.get('key')).toBe('new');
        }
      }
    });
  });

  it('is not followed by what a reader read during its method', async () => {
    await withProcesses(async ([here, there]) => {
      let source = 'old';
      for (const reader of [here, there]) {
        source = 'old';
        const method = new Gate();
        const put = here.put('key', async () => (await method.pass(), (source = 'new')));
        await method.entered;
        // The reader does not wait any longer, and its value is for itself alone.
        expect(await reader.getOrSet('key', () => source)).toBe('old');
        method.open();
        await put;
        expect(await reader.getOrSet('key', () => source)).toBe('new');
        expect(await there.get('key')).toBe('new');
      }
    });
  });

  const INVALIDATIONS: { name: string; apply: (cache: CacheService) => Promise<unknown> }[] = [
    { name: 'delete', apply: (cache) => cache.delete('key') },
    { name: 'invalidateTags', apply: (cache) => cache.invalidateTags('tag') },
    { name: 'clear', apply: (cache) => cache.clear() },
  ];

  it.each(INVALIDATIONS)('loses to $name during its method', async ({ apply }) => {
    await withProcesses(async (caches) => {
      for (const invalidator of caches) {
        const method = new Gate();
        const put = caches[0].put('key', async () => (await method.pass(), 'put'), TAGS);
        await method.entered;
        await apply(invalidator);
        method.open();
        expect(await put).toBe('put');
        for (const cache of caches) expect(await cache.lookup('key')).toEqual({ hit: false });
      }
    });
  });

  it('leaves the key empty when a reader filled it meanwhile, since its value may be the older one', async () => {
    await withProcesses(async ([here, there]) => {
      const method = new Gate();
      const put = here.put('key', async () => (await method.pass(), 'new'));
      await method.entered;
      await there.delete('key');
      expect(await there.getOrSet('key', () => 'old')).toBe('old');
      method.open();
      await put;
      for (const cache of [here, there]) expect(await cache.lookup('key')).toEqual({ hit: false });
    });
  });

  it.each(['first', 'second'])(
    'of two at once keeps neither value when the %s ends first: only the source knows the order',
    async (winner) => {
      await withProcesses(async ([here, there]) => {
        for (const other of [here, there]) {
          const gates = { first: new Gate(), second: new Gate() };
          let source = '';
          const save = (name: 'first' | 'second') => async () => {
            await gates[name].pass();
            return (source = name);
          };
          const first = here.put('key', save('first'));
          await gates.first.entered;
          const second = other.put('key', save('second'));
          await gates.second.entered;
          gates[winner as 'first'].open();
          await (winner === 'first' ? first : second);
          gates.first.open();
          gates.second.open();
          await Promise.all([first, second]);
          for (const cache of [here, there]) {
            expect([undefined, source]).toContain(await cache.get('key'));
          }
        }
      });
    },
  );

  it('never leaves another value than the last one written, whoever reads and writes at once', async () => {
    await withProcesses(async (caches, app) => {
      const source = { value: 0 };
      // Every write and read of the source takes a few turns of the event loop.
      const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
      for (let round = 0; round < 60; round++) {
        const writers = Array.from({ length: 3 }, (_, i) =>
          caches[i % 2]!.put('busy', async () => {
            for (let t = 0; t < (round + i) % 3; t++) await turn();
            const written = ++source.value;
            for (let t = 0; t < (round * i) % 3; t++) await turn();
            return written;
          }),
        );
        const readers = Array.from({ length: 4 }, (_, i) =>
          caches[i % 2]!.getOrSet('busy', async () => {
            const read = source.value;
            await turn();
            return read;
          }),
        );
        await Promise.all([...writers, ...readers]);
        for (const cache of caches) {
          expect([undefined, source.value]).toContain(await cache.get('busy'));
        }
      }
      expect(app.get(CacheService).pendingInvalidations).toBe(0);
    });
  });

  it('is empty after a method that threw, and nobody waits for it', async () => {
    await withProcesses(async ([here, there]) => {
      await here.set('key', 'old');
      const failing = here.put('key', () => Promise.reject(new Error('not saved')));
      await expect(failing).rejects.toThrow('not saved');
      expect(await there.getOrSet('key', () => 'read')).toBe('read');
      expect(await here.get('key')).toBe('read');
    });
  });

  it('runs its method without Redis, and the removal of the old value is loud or queued', async () => {
    await withProcesses(
      async ([cache], app) => {
        const prices = app.get(Prices);
        await cache.set('key', 'old');
        let runs = 0;
        topology.pauseAll();
        await expect(cache.put('key', () => ++runs)).rejects.toThrow(/queued/);
        expect(runs).toBe(1);
        expect(await prices.save('saved')).toBe('saved');
        await expect(prices.remove()).rejects.toThrow(/queued/);
        expect(cache.pendingInvalidations).toBeGreaterThan(0);
        await topology.resumeAll();
        // Not served here, replayed or not.
        expect(await cache.lookup('key')).toEqual({ hit: false });
      },
      { deadline: 100, invalidationDeadline: 300 },
    );
  });

  it('in a transaction deletes after the commit and leaves the old value until then', async () => {
    await withProcesses(async ([here, there], app) => {
      await here.set('key', 'old');
      await inTransaction(async () => {
        await app.get(Prices).save('new');
        expect(await there.get('key')).toBe('old');
      });
      expect(await there.lookup('key')).toEqual({ hit: false });
    });
  });
});
