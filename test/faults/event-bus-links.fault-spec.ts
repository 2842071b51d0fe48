import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually, RedisServer, TcpProxy } from 'nestjs-redis-kit/testing';
import { EventStream, STREAM_EVENTS } from '../support/event-stream.js';

const FOUND_WITHIN_MS = 40_000;

let stream: EventStream | undefined;
afterEach(async () => {
  await stream?.close();
  stream = undefined;
});

describe('events through a link that fails', () => {
  it('all come, in order, although the link is cut again and again', async () => {
    await using server = await RedisServer.start();
    stream = await EventStream.start({ url: server.url });
    await stream.flow();
    for (let times = 1; times <= 5; times++) {
      const { length } = stream.replaced;
      expect(await server.killClients({ name: stream.linkName })).toBe(1);
      await eventually(() => stream!.replaced.length > length && stream!.isListening);
      await stream.heardMore(2);
    }
    await stream.end();
    expect(stream.missing).toBe(0);
    expect(stream.gaps).toEqual([]);
    expect(stream.recovered).toBeGreaterThan(0);
    stream.assertInOrderAndOnce();
    // A transient handler misses what was sent while the link was away, and hears again afterwards.
    const passed = [...stream.passed.values()].flat();
    const heard = [...stream.heard.values()].flat();
    expect(passed.length).toBeLessThan(heard.length);
    expect(new Set(passed).size).toBeGreaterThan(0);
  });

  it('all come although the link is half-open: nothing arrives, and nothing is closed', async () => {
    await using server = await RedisServer.start();
    await using proxy = await TcpProxy.start({ host: server.host, port: server.port });
    stream = await EventStream.start({ url: server.url }, { url: proxy.url });
    await stream.flow();
    proxy.blackhole({ existingOnly: true });
    // The history is read through another link, long before the probe finds this one.
    await stream.heardMore(10);
    await eventually(() => expect(stream!.replaced).toHaveLength(1), { within: FOUND_WITHIN_MS });
    await stream.end();
    expect(stream.missing).toBe(0);
    expect(stream.gaps).toEqual([]);
    stream.assertInOrderAndOnce();
  }, 120_000);

  it('all come although the server closes the link of a reader that is too slow', async () => {
    await using server = await RedisServer.start({
      config: { 'client-output-buffer-limit': 'pubsub 256kb 0 0' },
    });
    await using proxy = await TcpProxy.start({ host: server.host, port: server.port });
    stream = await EventStream.start({ url: server.url }, { url: proxy.url });
    await stream.flow();
    proxy.limitBandwidth(1_000, 'replies');
    await eventually(
      async () => {
        for (let i = 0; i < 10; i++) await stream!.publishOnce(20_000);
        expect(stream!.isListening && stream!.replaced.length === 0).toBe(false);
      },
      { within: 60_000 },
    );
    await proxy.heal();
    await stream.end();
    expect(stream.missing).toBe(0);
    expect(stream.gaps).toEqual([]);
    stream.assertInOrderAndOnce();
  }, 120_000);

  it('are missing only behind a gap when the history was too short', async () => {
    await using server = await RedisServer.start();
    await using proxy = await TcpProxy.start({ host: server.host, port: server.port });
    const events = { ...STREAM_EVENTS, history: 10 };
    stream = await EventStream.start({ url: server.url }, { url: proxy.url }, events);
    await stream.flow();
    await proxy.cut({ refuse: true });
    // Streams are trimmed by nodes of a hundred entries.
    for (let i = 0; i < 400; i++) await stream.publishOnce();
    await proxy.heal();
    await stream.end();
    expect(stream.missing).toBeGreaterThan(0);
    expect(stream.gaps.map(({ reason }) => reason)).toContain('trimmed');
    stream.assertInOrderAndOnce();
  }, 120_000);
});
