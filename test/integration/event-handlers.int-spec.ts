import { Controller, Injectable, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { IsString } from 'class-validator';
import {
  OnRedisEvent,
  RedisEventBus,
  RedisKitEvents,
  type EventGap,
  type RedisEvent,
} from 'nestjs-redis-kit';
import { eventually, isolatedNamespace, RedisServer } from 'nestjs-redis-kit/testing';
import { eventLogKey } from '../../libs/redis-kit/src/events/events.keys.js';
import { PARTITIONS, partitionOf } from '../../libs/redis-kit/src/events/partitions.js';
import { KeySpace } from '../../libs/redis-kit/src/core/key-space.js';
import { startApplication } from '../support/application.js';

class OrderPlaced {
  @IsString()
  id!: string;
}

@Injectable()
class Mailer {
  readonly mailed: string[] = [];
  readonly gaps: EventGap[] = [];
  readonly seen: RedisEvent[] = [];

  @OnRedisEvent(['orders.*', 'orders.placed'], {
    delivery: 'recoverable',
    payload: OrderPlaced,
    onGap: 'resync',
  })
  async onOrder({ id }: OrderPlaced, event: RedisEvent): Promise<void> {
    this.mailed.push(id);
    this.seen.push(event);
  }

  resync(gap: EventGap): void {
    this.gaps.push(gap);
  }
}

@Injectable()
class Loyalty extends Mailer {
  readonly points: number[] = [];

  @OnRedisEvent('points')
  onPoints(points: number): void {
    this.points.push(points);
  }
}

@Controller('orders')
class Orders {
  readonly heard: unknown[] = [];

  @OnRedisEvent('**')
  onAny(payload: unknown): void {
    this.heard.push(payload);
  }
}

describe('methods that are called with events', () => {
  let server: RedisServer;
  beforeAll(async () => (server = await RedisServer.start()));
  afterAll(() => server.stop());

  const start = (providers: (new () => object)[], controllers: (new () => object)[] = []) =>
    startApplication(
      { url: server.url, events: { recoverable: ['orders.*'], checkEvery: '100ms' } },
      { providers, controllers },
    );

  it('are subscribed when the application has started: of providers, parents and controllers', async () => {
    const app = await start([Mailer, Loyalty], [Orders]);
    try {
      const bus = app.get(RedisEventBus);
      await bus.publish('orders.placed', { id: 'o1' });
      await bus.publish('points', 5);
      await bus.publish('orders.placed', { id: 7 });
      await eventually(() => expect(app.get(Orders).heard).toHaveLength(3));
      await eventually(() => expect(app.get(Mailer).mailed).toEqual(['o1']));
      await eventually(() => expect(app.get(Loyalty).mailed).toEqual(['o1']));
      await eventually(() => expect(app.get(Loyalty).points).toEqual([5]));
      const stats = new Map(bus.stats.map((one) => [one.handler, one]));
      expect([...stats.keys()].sort()).toEqual([
        'Loyalty.onOrder',
        'Loyalty.onPoints',
        'Mailer.onOrder',
        'Orders.onAny',
      ]);
      await eventually(() =>
        expect(bus.stats.find(({ handler }) => handler === 'Mailer.onOrder')).toMatchObject({
          handled: 1,
          refused: 1,
        }),
      );
    } finally {
      await app.close();
    }
  });

  it('have their method for gaps called when the history was lost', async () => {
    const app = await start([Mailer]);
    try {
      const bus = app.get(RedisEventBus);
      await bus.publish('orders.placed', { id: 'o1' });
      await eventually(() => expect(app.get(Mailer).mailed).toEqual(['o1']));
      const keySpace = app.get(KeySpace);
      for (let at = 0; at < PARTITIONS; at++) await server.call('DEL', eventLogKey(keySpace, at));
      await eventually(() => expect(app.get(Mailer).gaps.length).toBeGreaterThan(0));
      // Whether the publisher or the handler finds out first is left to chance.
      for (const { reason } of app.get(Mailer).gaps) {
        expect(['history-lost', 'lost-writes']).toContain(reason);
      }
    } finally {
      await app.close();
    }
  });

  it('find an event in the history that was never sent to them, and a publisher finds that one was lost', async () => {
    const app = await start([Mailer]);
    try {
      const log = eventLogKey(app.get(KeySpace), partitionOf('orders.placed'));
      const frame = (id: string) => `1 orders.placed other-1  \n\x02{"id":"${id}"}`;
      const first = await server.call('XADD', log, '*', 'p', '0-0', 'd', frame('unsent'));
      await eventually(() => expect(app.get(Mailer).mailed).toEqual(['unsent']));
      await app.get(RedisEventBus).publish('orders.placed', { id: 'lost' });
      await eventually(() => expect(app.get(Mailer).mailed).toEqual(['unsent', 'lost']));
      const redis = server.client();
      const [[lost] = ['']] = await redis.xrevrange(log, '+', '-', 'COUNT', 1);
      await redis.xdel(log, lost);
      await eventually(async () => {
        const [newest] = await redis.xrevrange(log, '+', '-', 'COUNT', 1);
        expect(newest?.[1]).toEqual(['p', `!${String(first)}`, 'd', '']);
      });
      await eventually(() => expect(app.get(Mailer).gaps.length).toBeGreaterThan(0));
    } finally {
      await app.close();
    }
  });

  it('are refused at boot where they could not work', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnRedisEvent('a')
      on(): void {}
    }
    await expect(start([PerRequest])).rejects.toThrow(/PerRequest.*made anew for each request/);

    @Injectable()
    class WithoutGapMethod {
      @OnRedisEvent('a', { onGap: 'nothing' })
      on(): void {}
    }
    await expect(start([WithoutGapMethod])).rejects.toThrow(/'nothing' is no method/);

    @Injectable()
    class Misspelt {
      @OnRedisEvent('a', { delivery: 'durable' as 'transient' })
      on(): void {}
    }
    await expect(start([Misspelt])).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });

    // Without the module nothing would ever call it.
    await expect(Test.createTestingModule({ providers: [Mailer] }).compile()).rejects.toThrow();
  });

  it('cannot be decorated twice, nor with what is no pattern', () => {
    expect(() => {
      class Twice {
        @OnRedisEvent('a')
        @OnRedisEvent('b')
        on(): void {}
      }
      return Twice;
    }).toThrow(/twice/);
    expect(() => OnRedisEvent('a..b')).toThrow(/not a pattern/);
  });

  it('finish what they have when the application closes, and hear nothing more', async () => {
    const done: string[] = [];
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    @Injectable()
    class Slow {
      @OnRedisEvent('work')
      async on(id: string): Promise<void> {
        await opened;
        done.push(id);
      }
    }
    const app = await start([Slow]);
    const bus = app.get(RedisEventBus);
    await bus.publish('work', '1');
    await bus.publish('work', '2');
    await eventually(() => expect(bus.stats[0]!.waiting).toBe(1));
    const closed = app.close();
    open();
    await closed;
    expect(done).toEqual(['1', '2']);
  });

  it('are announced when they fail, and when a message is no event', async () => {
    @Injectable()
    class Failing {
      @OnRedisEvent('a')
      on(): void {
        throw new Error('redis://user:secret@host failed');
      }
    }
    const app = await start([Failing, Mailer]);
    try {
      const failures: unknown[] = [];
      const unreadable: number[] = [];
      const notKept: unknown[] = [];
      const events = app.get(RedisKitEvents);
      events.on('bus.handler-failed', (event) => failures.push(event));
      events.on('bus.unreadable', ({ partition }) => unreadable.push(partition));
      events.on('bus.not-kept', (event) => notKept.push(event));
      const bus = app.get(RedisEventBus);
      await bus.publish('a');
      await eventually(() =>
        expect(failures).toEqual([
          { event: 'a', handler: 'Failing.on', message: 'redis://***@host failed' },
        ]),
      );
      for (let times = 0; times < 2; times++) {
        await bus.publish('orders.placed', { id: 'o' }, { delivery: 'transient' });
      }
      await eventually(() => expect(app.get(Mailer).mailed).toEqual(['o', 'o']));
      expect(notKept).toEqual([{ event: 'orders.placed', handler: 'Mailer.onOrder' }]);
      const { namespace } = app.get(KeySpace);
      await server.call('SPUBLISH', `${namespace}:v1:events:{p4}:passing`, 'garbage');
      await eventually(() => expect(unreadable).toEqual([4]));
    } finally {
      await app.close();
    }
  });

  it('run in the trace of the publisher', async () => {
    const provider = new BasicTracerProvider();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const { W3CTraceContextPropagator } = await import('@opentelemetry/core');
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    const app = await start([]);
    try {
      const bus = app.get(RedisEventBus);
      const traces: (string | undefined)[] = [];
      const { ready } = bus.subscribe('traced', () => {
        traces.push(trace.getSpanContext(context.active())?.traceId);
      });
      await ready;
      const span = provider.getTracer('test').startSpan('request');
      await context.with(trace.setSpan(context.active(), span), () => bus.publish('traced'));
      await bus.publish('traced');
      await eventually(() => expect(traces).toEqual([span.spanContext().traceId, undefined]));
    } finally {
      await app.close();
      propagation.disable();
      context.disable();
      await provider.shutdown();
    }
  });

  it('are called for a user that may do what the bus does, and nothing else', async () => {
    const namespace = isolatedNamespace();
    const commands =
      'spublish ssubscribe sunsubscribe evalsha eval xadd xrange xrevrange pexpire ping info client|setname';
    await server.call(
      'ACL',
      'SETUSER',
      'events',
      'on',
      '>secret',
      'resetkeys',
      `~${namespace}:v1:*`,
      'resetchannels',
      `&${namespace}:v1:*`,
      '-@all',
      ...commands.split(' ').map((command) => `+${command}`),
    );
    const app = await startApplication(
      {
        url: `redis://events:secret@${server.host}:${server.port}`,
        namespace,
        events: { recoverable: ['orders.*'] },
      },
      { providers: [Mailer] },
    );
    try {
      await app.get(RedisEventBus).publish('orders.placed', { id: 'o1' });
      await eventually(() => expect(app.get(Mailer).mailed).toEqual(['o1']));
    } finally {
      await app.close();
    }
  });

  it('say why an event was not published', async () => {
    await using own = await RedisServer.start();
    const app = await startApplication({
      url: own.url,
      namespace: isolatedNamespace(),
      events: { deadline: '300ms' },
    });
    try {
      const bus = app.get(RedisEventBus);
      await bus.publish('a');
      own.pause();
      await expect(bus.publish('a')).rejects.toMatchObject({ code: 'EVENT_OUTCOME_UNKNOWN' });
      own.resume();
      await eventually(() => bus.publish('a'));
      await own.kill();
      await eventually(() =>
        expect(bus.publish('a')).rejects.toMatchObject({ code: 'EVENT_NOT_PUBLISHED' }),
      );
    } finally {
      await app.close();
    }
  });
});
