import { describe, expect, it } from '@jest/globals';
import { RedisKitEvents } from 'nestjs-redis-kit';
import { eventually, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

/** Probe interval, its timeout and a new connection. */
const REPLACED_WITHIN_MS = 15_000;

describe('a half-open subscriber', () => {
  it('is found and replaced, and says that messages were missed', async () => {
    await using server = await RedisServer.start();
    const proxy = await TcpProxy.start({ host: server.host, port: server.port });
    const app = await startApplication({ url: `redis://${proxy.host}:${proxy.port}` });
    try {
      const { subscriber } = app.get(RedisConnections).get();
      const heard: string[] = [];
      let replaced = 0;
      subscriber.onReplaced(() => replaced++);
      const reasons: string[] = [];
      app.get(RedisKitEvents).on('subscriber.replaced', ({ reason }) => reasons.push(reason));
      await subscriber.subscribe('news', (message) => heard.push(String(message))).ready;
      await subscriber.psubscribe('sports.*', (message, channel) =>
        heard.push(`${channel}=${message}`),
      ).ready;
      const publisher = server.client();
      await publisher.publish('news', 'before');
      await eventually(() => expect(heard).toEqual(['before']));

      // The existing link swallows everything from now on; new ones work.
      proxy.blackhole({ existingOnly: true });
      await publisher.publish('news', 'lost');
      await eventually(() => expect(replaced).toBe(1), { within: REPLACED_WITHIN_MS });
      expect(reasons).toHaveLength(1);
      await publisher.publish('news', 'after');
      await publisher.publish('sports.tennis', '6:4');
      await eventually(() => expect(heard).toEqual(['before', 'after', 'sports.tennis=6:4']));
    } finally {
      await app.close();
      await proxy.stop();
    }
  });
});

describeTopologies('a subscriber', (topology) => {
  it('hears again after the server of its link hung', async () => {
    const app = await startApplication({
      connections: { default: topology.connectionOptions() },
    });
    try {
      const { subscriber } = app.get(RedisConnections).get();
      const heard = new Set<string>();
      await subscriber.subscribe('news', (message) => heard.add(String(message))).ready;
      await eventually(() => expect(subscriber.isConnected).toBe(true));

      topology.pauseAll();
      await eventually(() => expect(subscriber.isConnected).toBe(false), {
        within: REPLACED_WITHIN_MS,
      });
      await topology.resumeAll();
      let count = 0;
      await eventually(
        async () => {
          await topology.admin.publish('news', `${count++}`);
          expect(heard.size).toBeGreaterThan(0);
        },
        { within: REPLACED_WITHIN_MS },
      );
    } finally {
      await app.close();
    }
  });

  it('confirms a subscription made while Redis is away, once it is back', async () => {
    const app = await startApplication({
      connections: { default: topology.connectionOptions() },
      connect: 'lazy',
    });
    try {
      await topology.killAll();
      const { subscriber } = app.get(RedisConnections).get();
      const heard: string[] = [];
      const { ready } = subscriber.subscribe('news', (message) => heard.push(String(message)));
      await topology.restartAll();
      await ready;
      await topology.admin.publish('news', 'hello');
      await eventually(() => expect(heard).toEqual(['hello']));
    } finally {
      await app.close();
    }
  });

  it('stops listening when the subscription is closed, and keeps the other listeners', async () => {
    const app = await startApplication({
      connections: { default: topology.connectionOptions() },
    });
    try {
      const { subscriber } = app.get(RedisConnections).get();
      const first: string[] = [];
      const second: string[] = [];
      const one = subscriber.subscribe('news', (message) => first.push(String(message)));
      const two = subscriber.subscribe('news', (message) => second.push(String(message)));
      await Promise.all([one.ready, two.ready]);
      one.close();
      await topology.admin.publish('news', 'hello');
      await eventually(() => expect(second).toEqual(['hello']));
      expect(first).toEqual([]);
      two.close();
      const again = subscriber.subscribe('news', (message) => first.push(String(message)));
      await again.ready;
      await topology.admin.publish('news', 'again');
      await eventually(() => expect(first).toEqual(['again']));
      expect(second).toEqual(['hello']);
    } finally {
      await app.close();
    }
  });
});
