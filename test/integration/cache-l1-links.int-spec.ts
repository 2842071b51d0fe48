import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, RedisServer, TcpProxy, type ServerAddress } from 'nestjs-redis-kit/testing';
import { CacheService } from 'nestjs-redis-kit';
import { startApplication } from '../support/application.js';
import { startCacheWithLink } from '../support/cache-with-link.js';

const PATIENCE = { within: 30_000 };
const TAGGED = { tags: ['tag'], ttl: '1h' } as const;

/** Beyond the two seconds for which memory is trusted after a probe was sent. */
const TOO_LATE_MS = 2_500;
/** Late, and within what is trusted. */
const LATE_MS = 800;

describe('the tracking link of an L1 cache', () => {
  let server: RedisServer;
  let proxy: TcpProxy;
  beforeAll(async () => {
    server = await RedisServer.start();
    proxy = await TcpProxy.start(server);
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });

  it('is not trusted while it is late, however steadily the probes come back', async () => {
    await using it = await startCacheWithLink(server, () => proxy);
    const { cache, tracking, heard, events } = it;
    await eventually(() => tracking.status === 'armed', PATIENCE);
    await cache.set('key', 'old');
    await it.remembered('key');
    proxy.delay(TOO_LATE_MS, 'replies');
    await eventually(() => tracking.status === 'suspended', PATIENCE);
    let armed = 0;
    events.on('tracking.armed', () => (armed += 1));
    // Messages do arrive, one of each write, and so do the probes.
    for (let round = 0; round < 3; round++) {
      const key = it.entryKey(`written ${round}`);
      await server.client().set(key, 'x', 'PX', 60_000);
      await eventually(() => expect(heard).toContain(key), PATIENCE);
      expect(tracking.status).toBe('suspended');
    }
    expect(armed).toBe(0);
    await server.client().unlink(it.entryKey('key'));
    expect(await cache.get('key')).toBeUndefined();
    await proxy.heal();
    await eventually(() => tracking.status === 'armed', PATIENCE);
  });

  it('is not trusted when it leads to another master, though that one answers', async () => {
    await using elsewhere = await RedisServer.start();
    let target: RedisServer = server;
    await using it = await startCacheWithLink(server, () => target);
    const { cache, tracking, heard } = it;
    await eventually(() => tracking.status === 'armed', PATIENCE);
    await cache.set('key', 'old');
    await it.remembered('key');
    target = elsewhere;
    await server.killClients({ type: 'pubsub' });
    await eventually(() => tracking.status === 'suspended', PATIENCE);
    // The link works: it tells of everything that is written there, and nothing that is written here.
    for (let round = 0; round < 3; round++) {
      const key = it.entryKey(`written ${round}`);
      await eventually(async () => {
        await elsewhere.client().set(key, 'x', 'PX', 60_000);
        expect(heard).toContain(key);
      }, PATIENCE);
      expect(tracking.status).toBe('suspended');
    }
    await server.client().unlink(it.entryKey('key'));
    expect(await cache.get('key')).toBeUndefined();
    target = server;
    await elsewhere.killClients({ type: 'pubsub' });
    await eventually(() => tracking.status === 'armed', PATIENCE);
  });

  it.each<{
    name: string;
    step: 'put' | 'remove' | 'expire' | 'write' | 'batch';
    apply: (cache: CacheService) => Promise<unknown>;
  }>([
    { name: 'invalidateTags', step: 'put', apply: (cache) => cache.invalidateTags('tag') },
    { name: 'clear', step: 'put', apply: (cache) => cache.clear() },
    { name: 'delete', step: 'remove', apply: (cache) => cache.delete('key') },
    { name: 'expire', step: 'expire', apply: (cache) => cache.expire('key') },
    { name: 'set', step: 'write', apply: (cache) => cache.set('key', 'new', TAGGED) },
    { name: 'setMany', step: 'batch', apply: (cache) => cache.setMany({ key: 'new' }, TAGGED) },
  ])(
    'need not have told of $name by the time that returns: what was read meanwhile is forgotten',
    async ({ step, apply }) => {
      await using it = await startCacheWithLink(server, () => proxy);
      const { cache, tracking, store } = it;
      await eventually(() => tracking.status === 'armed', PATIENCE);
      await cache.set('key', 'old', TAGGED);
      await it.remembered('key');
      proxy.delay(LATE_MS, 'replies');
      const sent = store.hold(step);
      const changing = apply(cache);
      await sent.reached;
      // What is in Redis is still the old value and its token, so it is read, and rightly remembered.
      await it.remembered('key');
      sent.open();
      await changing;
      expect(await cache.get('key')).toBe(step === 'write' || step === 'batch' ? 'new' : undefined);
      await proxy.heal();
    },
  );

  it.each([
    { what: 'an entry', step: 'read', isToken: false },
    { what: 'the life of an entry', step: 'life', isToken: false },
    { what: 'a token', step: 'read', isToken: true },
    { what: 'one entry of many', step: 'readMany', isToken: false },
    { what: 'a token of many entries', step: 'readMany', isToken: true },
  ] as const)(
    'tells of a change before the reply that does not know of it: $what is not remembered',
    async ({ step, isToken }) => {
      await using it = await startCacheWithLink(server, () => server);
      const { cache, tracking, store } = it;
      await eventually(() => tracking.status === 'armed', PATIENCE);
      const entryKey = it.entryKey('key');
      const tokenKey = it.tagKey('tag');
      await it.untilHeard(entryKey, () => cache.set('key', 'old', TAGGED));
      // Its life changes, so it is forgotten, and read with the entry.
      await it.untilHeard(tokenKey, () => server.client().pexpire(tokenKey, 7_000_000));
      const reply = store.hold(step);
      const reading: Promise<unknown> =
        step === 'readMany'
          ? cache.getMany(['key'], () => ['old'], TAGGED)
          : cache.getOrSet('key', () => 'old', TAGGED);
      await reply.reached;
      // Changed by somebody else, and heard of before the reply is.
      const changed = isToken ? tokenKey : entryKey;
      const bytes = Buffer.alloc(16, 255);
      await it.untilHeard(changed, () => server.client().set(changed, bytes, 'PX', 60_000));
      reply.open();
      await reading;
      for (let again = 0; again < 3; again++) {
        expect(await cache.lookup('key')).toEqual({ hit: false });
      }
    },
  );

  const CHANGES: {
    name: string;
    apply: (cache: CacheService) => Promise<unknown>;
    changes: 'entry' | 'tag' | 'epoch';
  }[] = [
    { name: 'delete', apply: (cache) => cache.delete('key'), changes: 'entry' },
    { name: 'set', apply: (cache) => cache.set('key', 'set', TAGGED), changes: 'entry' },
    { name: 'put', apply: (cache) => cache.put('key', () => 'put', TAGGED), changes: 'entry' },
    { name: 'invalidateTags', apply: (cache) => cache.invalidateTags('tag'), changes: 'tag' },
    { name: 'clear', apply: (cache) => cache.clear(), changes: 'epoch' },
  ];

  it.each(CHANGES)(
    'and $name keep out of memory what was read before, here at once and elsewhere from its message on',
    async ({ apply, changes }) => {
      await using it = await startCacheWithLink(server, () => server);
      const { cache, tracking, store } = it;
      await eventually(() => tracking.status === 'armed', PATIENCE);
      const otherApp = await startApplication({
        namespace: it.namespace,
        url: server.url,
        caches: { default: { tracking: false, deadline: '10s' } },
      });
      const epoch = `${it.namespace}:v1:cache-epoch:{default}`;
      const changed = { entry: it.entryKey('key'), tag: it.tagKey('tag'), epoch }[changes];
      const isOldNowhere = async () => {
        for (let again = 0; again < 3; again++) expect(await cache.get('key')).not.toBe('old');
      };
      for (const changer of [cache, otherApp.get(CacheService)]) {
        await it.untilHeard(it.entryKey('key'), () => cache.set('key', 'old', TAGGED));
        const reply = store.hold('read');
        const reading = cache.getOrSet('key', () => 'new', TAGGED);
        await reply.reached;
        if (changer === cache) await apply(changer);
        else await it.untilHeard(changed, () => apply(changer));
        reply.open();
        await reading;
        await isOldNowhere();
      }
      const suspended = new Promise((resolve) => it.events.on('tracking.suspended', resolve));
      await server.killClients({ type: 'pubsub' });
      await suspended;
      await eventually(() => tracking.status === 'armed', PATIENCE);
      await isOldNowhere();
      await otherApp.close();
    },
  );

  it('may be late for a strict read: that one asks Redis for the value and its tokens', async () => {
    await using it = await startCacheWithLink(server, () => proxy);
    const { cache, tracking } = it;
    await eventually(() => tracking.status === 'armed', PATIENCE);
    await cache.setMany({ key: 'old', deleted: 'old' }, TAGGED);
    await Promise.all([it.remembered('key'), it.remembered('deleted')]);
    proxy.blackhole();
    // As another process would, whose message is on its way.
    await server.client().set(it.tagKey('tag'), Buffer.alloc(16, 255), 'PX', 3_600_000);
    await server.client().unlink(it.entryKey('deleted'));
    const strict = { strict: true };
    for (const key of ['key', 'deleted']) {
      expect(await cache.lookup(key, strict)).toEqual({ hit: false });
      expect(await cache.has(key, strict)).toBe(false);
      expect(await cache.get(key, strict)).toBeUndefined();
    }
    expect((await cache.getMany(['key', 'deleted'], undefined, strict)).size).toBe(0);
    expect(await cache.getOrSet('key', () => 'new', { ...TAGGED, ...strict })).toBe('new');
    await proxy.heal();
    await eventually(() => tracking.status === 'armed', PATIENCE);
    expect(await cache.get('key')).not.toBe('old');
  });

  it('brings back what a failover lost: recent invalidations are applied again', async () => {
    await using it = await startCacheWithLink(server, () => server);
    const { cache, tracking } = it;
    await eventually(() => tracking.status === 'armed', PATIENCE);
    const client = server.client();
    const epochKey = `${it.namespace}:v1:cache-epoch:{default}`;
    const losses = [
      { lost: it.tagKey('tag'), invalidate: () => cache.invalidateTags('tag') },
      { lost: it.entryKey('key'), invalidate: () => cache.delete('key') },
      { lost: epochKey, invalidate: () => cache.clear() },
    ];
    for (const { lost, invalidate } of losses) {
      await cache.set('key', 'old', TAGGED);
      const before = await client.dumpBuffer(lost);
      await invalidate();
      expect(await cache.get('key')).toBeUndefined();
      // A replica was promoted that had not heard of it yet.
      await eventually(async () => {
        await client.restore(lost, 3_600_000, before, 'REPLACE');
        expect(await cache.get('key')).toBe('old');
      }, PATIENCE);
      await server.killClients({ type: 'pubsub' });
      await eventually(async () => (await cache.get('key')) === undefined, PATIENCE);
      await eventually(() => tracking.status === 'armed', PATIENCE);
      expect(await cache.get('key')).toBeUndefined();
    }
  });

  it('serves nothing that a failover lost until it is applied again, and all the rest', async () => {
    let target: ServerAddress = server;
    await using it = await startCacheWithLink(server, () => target);
    const { cache, tracking, store } = it;
    const client = server.client();
    const [tagKey, entryKey] = [it.tagKey('tag'), it.entryKey('deleted')];
    await eventually(() => tracking.status === 'armed', PATIENCE);
    await cache.set('tagged', 'old', TAGGED);
    await cache.set('deleted', 'old', { ttl: '1h' });
    await cache.set('bystander', 'current', { ttl: '1h' });
    const before = await Promise.all([tagKey, entryKey].map((key) => client.dumpBuffer(key)));
    await cache.invalidateTags('tag');
    await cache.delete('deleted');
    // The links are gone, and what leads the process now is a master that heard of neither.
    target = { host: '127.0.0.1', port: 1 };
    await server.killClients({ type: 'pubsub' });
    await eventually(() => tracking.status === 'suspended', PATIENCE);
    await client.restore(tagKey, 3_600_000, before[0]!, 'REPLACE');
    await client.restore(entryKey, 3_600_000, before[1]!, 'REPLACE');
    const assertNothingLost = async () => {
      expect(await cache.lookup('tagged')).toEqual({ hit: false });
      expect(await cache.getOrSet('tagged', () => 'new', TAGGED)).toBe('new');
      expect(await cache.lookup('deleted')).toEqual({ hit: false });
      expect(await cache.get('bystander')).toBe('current');
    };
    await assertNothingLost();
    const again = store.hold('put');
    target = server;
    await again.reached;
    await assertNothingLost();
    again.open();
    await eventually(async () => {
      expect((await client.getBuffer(tagKey))!.equals(before[0]!)).toBe(false);
      // Believed again: what is made now is found.
      const made = await cache.getOrSet('tagged', () => randomUUID(), TAGGED);
      expect(await cache.get('tagged')).toBe(made);
    }, PATIENCE);
    expect(await cache.lookup('deleted')).toEqual({ hit: false });
  });
});
