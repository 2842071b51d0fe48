import { expect, it } from '@jest/globals';
import {
  CounterService,
  LeaderboardService,
  RedisKitEvents,
  RedisUnavailableError,
  type RedisKitEventMap,
  type RedisKitOptions,
} from 'nestjs-redis-kit';
import { eventually, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';
import type { Topology } from '../support/topologies/topology.js';

type Dropped = RedisKitEventMap['counters.dropped'];

/** An application, with what it announced as lost. */
async function start(options: RedisKitOptions) {
  const app = await startApplication(options);
  const dropped: Dropped[] = [];
  app.get(RedisKitEvents).on('counters.dropped', (event) => dropped.push(event));
  const lost = (reason?: Dropped['reason']): number =>
    dropped
      .filter((event) => reason === undefined || event.reason === reason)
      .reduce((sum, { amount }) => sum + amount, 0);
  return {
    app,
    lost,
    counters: app.get(CounterService),
    boards: app.get(LeaderboardService),
  };
}

const OUTAGES = [
  {
    name: 'hung (SIGSTOP)',
    begin: async (topology: Topology) => topology.pauseAll(),
    end: (topology: Topology) => topology.resumeAll(),
  },
  {
    name: 'dead (kill -9)',
    begin: (topology: Topology) => topology.killAll(),
    end: (topology: Topology) => topology.restartAll(),
  },
];

describeTopologies('counters while Redis is', (topology) => {
  it.each(OUTAGES)('$name: who waits is told, who does not goes on', async ({ begin, end }) => {
    const { app, counters, boards, lost } = await start({
      connections: { default: topology.connectionOptions() },
      counters: { deadline: '300ms', flushEvery: '20ms', maxPending: 10 },
    });
    try {
      await eventually(() => counters.increment('before'), { within: 20_000 });
      await begin(topology);
      await expect(counters.increment('a')).rejects.toBeInstanceOf(RedisUnavailableError);
      await expect(counters.stats(['a'])).rejects.toBeInstanceOf(RedisUnavailableError);
      await expect(boards.submit('b', 'm', 1)).rejects.toBeInstanceOf(RedisUnavailableError);
      await expect(boards.top('b')).rejects.toBeInstanceOf(RedisUnavailableError);

      const slowest = { ms: 0 };
      for (let round = 0; round < 400; round++) {
        const startedAt = performance.now();
        counters.tally('steady');
        counters.tally(`name ${round % 30}`);
        slowest.ms = Math.max(slowest.ms, performance.now() - startedAt);
      }
      // Of 31 counters 10 may wait.
      await eventually(() => lost('full') > 0, { within: 20_000 });
      expect(slowest.ms).toBeLessThan(100);

      await end(topology);
      const counted = await eventually(
        async () => {
          counters.tally('probe');
          const names = ['steady', ...Array.from({ length: 30 }, (_, at) => `name ${at}`)];
          const total = [...(await counters.stats(names)).values()].reduce((a, b) => a + b, 0);
          // Nothing is counted twice; and what was not counted was announced.
          expect(total).toBeLessThanOrEqual(800);
          expect(await counters.get('probe')).toBeGreaterThan(0);
          expect(total + lost()).toBeGreaterThanOrEqual(800);
          return total;
        },
        { within: 30_000 },
      );
      expect(counted).toBeLessThanOrEqual(800);
      expect(await counters.increment('after')).toBe(1);
    } finally {
      await end(topology);
      await app.close();
    }
  });
});

it('counts whose replies are lost are not sent again, and are announced', async () => {
  const server = await RedisServer.start();
  const proxy = await TcpProxy.start({ host: server.host, port: server.port });
  const { app, counters, boards, lost } = await start({
    namespace: 'lost-replies',
    url: proxy.url,
    counters: { deadline: '500ms', flushEvery: '10ms' },
  });
  const admin = server.client();
  const stored = async (name: string): Promise<number> =>
    Number(await admin.get(`lost-replies:v1:counter:{${name}}`));
  try {
    await counters.increment('warm');
    await boards.incrementBy('board', 'warm', 1);
    proxy.dropReplies();
    counters.tally('tallied', 7);
    const waited = counters.increment('waited', 3);
    const scored = boards.incrementBy('board', 'ann', 5);
    await expect(waited).rejects.toBeInstanceOf(RedisUnavailableError);
    await expect(scored).rejects.toBeInstanceOf(RedisUnavailableError);
    await eventually(() => lost('unanswered') === 7, { within: 20_000 });
    await proxy.cut();
    await proxy.heal();
    counters.tally('after');
    await eventually(async () => (await stored('after')) === 1, { within: 20_000 });
    // Redis had executed them: once.
    expect(await stored('tallied')).toBe(7);
    expect(await stored('waited')).toBe(3);
    expect((await boards.rank('board', 'ann'))?.score).toBe(5);
    expect(lost()).toBe(7);
  } finally {
    await app.close();
    await proxy.stop();
    await server.stop();
  }
});

it('what is tallied before the application ends is sent, or announced as lost', async () => {
  const server = await RedisServer.start();
  try {
    const options: RedisKitOptions = {
      namespace: 'shutdown',
      url: server.url,
      counters: { deadline: '300ms', flushEvery: '1m' },
    };
    const one = await start(options);
    await one.counters.increment('warm');
    one.counters.tally('sent', 4);
    await one.app.close();
    expect(await server.client().get('shutdown:v1:counter:{sent}')).toBe('4');
    expect(one.lost()).toBe(0);

    const two = await start(options);
    await two.counters.increment('warm');
    await server.kill();
    two.counters.tally('unsent', 5);
    await two.app.close();
    expect(two.lost()).toBe(5);
  } finally {
    await server.stop();
  }
});
