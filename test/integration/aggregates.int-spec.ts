import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { ConcurrencyError, EventSourcedAggregate, EventStore } from 'nestjs-redis-kit';
import { isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';

describe('aggregates', () => {
  let server: RedisServer;
  let admin: Redis;
  let app: INestApplicationContext;
  const namespace = isolatedNamespace();

  beforeAll(async () => {
    server = await RedisServer.start();
    admin = server.client();
    app = await startApplication({ namespace, url: server.url, streams: { partitions: 1 } });
  });

  afterAll(async () => {
    await app.close();
    await server.stop();
  });

  const key = (part: string): string => `${namespace}:v1:stream:{order.0}:${part}`;

  it('load an aggregate from its snapshot, and not from one of another history', async () => {
    class Sum extends EventSourcedAggregate<{ type: string; data: { n: number } }> {
      total = 0;
      applied = 0;
      add(n: number): void {
        this.raise({ type: 'Added', data: { n } });
      }
      protected apply({ data }: { data: { n: number } }): void {
        this.total += data.n;
        this.applied += 1;
      }
      override toSnapshot(): number {
        return this.total;
      }
      protected override restore(state: unknown): void {
        this.total = state as number;
      }
    }
    const sums = app.get(EventStore).repository(Sum, { category: 'order', snapshotEvery: 10 });
    expect(await sums.find('1')).toBeUndefined();
    await expect(sums.load('1')).rejects.toMatchObject({ code: 'AGGREGATE_NOT_FOUND' });
    for (let n = 1; n <= 25; n++) await sums.change('1', (sum) => sum.add(n));
    const loaded = await sums.load('1');
    expect([loaded.total, loaded.version, loaded.applied]).toEqual([325, 25, 5]);
    await admin.hset(key('snapshot:order-1'), 'event', 'another');
    const whole = await sums.load('1');
    expect([whole.total, whole.version, whole.applied]).toEqual([325, 25, 25]);
    await admin.hset(
      key('snapshot:order-1'),
      'event',
      (await app.get(EventStore).read('order-1', { from: 20, limit: 1 }))[0]!.id,
      'state',
      '?',
    );
    expect((await sums.load('1')).total).toBe(325);
    // All of many that change it at once are heard.
    const many = app.get(EventStore).repository(Sum, { category: 'order', retries: 100 });
    await Promise.all(Array.from({ length: 10 }, () => many.change('1', (sum) => sum.add(1))));
    expect((await many.load('1')).total).toBe(335);
    const [mine, theirs] = [await sums.load('1'), await sums.load('1')];
    mine.add(1);
    theirs.add(2);
    await sums.save(mine);
    await expect(sums.save(theirs)).rejects.toBeInstanceOf(ConcurrencyError);
    expect(await sums.save(mine)).toBeUndefined();
  });
});
