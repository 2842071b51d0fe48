import type { INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ChannelLayer,
  RedisKitEvents,
  type Channel,
  type ChannelLayerOptions,
} from 'nestjs-redis-kit';
import {
  channelLayerContract,
  eventually,
  isolatedNamespace,
  RedisKitTestingModule,
  RedisServer,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { describeTopologies } from '../support/describe-topologies.js';

const CHANNEL_LAYER: ChannelLayerOptions = { capacity: 3, maxMessage: 1_000, deadline: '20s' };

describeTopologies('the channel layer', (topology) => {
  let apps: INestApplicationContext[] = [];

  beforeAll(async () => {
    const options = {
      connections: { default: topology.connectionOptions() },
      namespace: isolatedNamespace(),
      channelLayer: CHANNEL_LAYER,
    };
    apps = [await startApplication(options), await startApplication(options)];
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
  });

  const contract = channelLayerContract(async () => ({
    layers: [apps[0]!.get(ChannelLayer), apps[1]!.get(ChannelLayer)],
    dispose: () => Promise.resolve(),
  }));
  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('the channel layer in memory', () => {
  const contract = channelLayerContract(async () => {
    const module = await Test.createTestingModule({
      imports: [RedisKitTestingModule.forRoot({ channelLayer: CHANNEL_LAYER })],
    }).compile();
    await module.init();
    const layer = module.get(ChannelLayer);
    return { layers: [layer, layer], dispose: () => module.close() };
  });
  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());
});

describe('the channel layer on a server', () => {
  let server: RedisServer;
  beforeAll(async () => (server = await RedisServer.start()));
  afterAll(() => server.stop());

  it('sends to a group by one command, however many members it has', async () => {
    const app = await startApplication({ url: server.url });
    try {
      const layer = app.get(ChannelLayer);
      const channels: Channel[] = [];
      for (let i = 0; i < 200; i++) channels.push(await layer.newChannel());
      await Promise.all(channels.map((channel) => layer.groupAdd('room', channel)));
      const commands = await server.commandsDuring(async () => {
        await layer.groupSend('room', 'all');
        for (const channel of channels) expect(await channel.receive()).toBe('all');
      });
      // The caches of the application look after their own link meanwhile.
      const { set: _probes, ping: _pings, ...own } = commands;
      expect(own).toEqual({ spublish: 1 });
    } finally {
      await app.close();
    }
  });

  it('leaves nothing of a process that has gone: no key, no subscription', async () => {
    const app = await startApplication({ url: server.url });
    const layer = app.get(ChannelLayer);
    const channel = await layer.newChannel();
    await layer.groupAdd('room', channel);
    const waiting = channel.receive();
    await eventually(async () =>
      expect(await server.call('PUBSUB', 'SHARDCHANNELS')).toHaveLength(2),
    );
    const ended = waiting.catch((error: unknown) => error);
    await app.close();
    expect(await ended).toMatchObject({ code: 'CHANNEL_CLOSED' });
    await eventually(async () => expect(await server.call('PUBSUB', 'SHARDCHANNELS')).toEqual([]));
    const [, keys] = (await server.call('SCAN', 0, 'MATCH', '*:channels:*', 'COUNT', 1_000)) as [
      string,
      string[],
    ];
    expect(keys).toEqual([]);
  });

  it('says that messages may be missing when its link was replaced, and goes on', async () => {
    const app = await startApplication({ url: server.url });
    try {
      const layer = app.get(ChannelLayer);
      let missed = 0;
      const channel = await layer.newChannel({ onMissed: () => (missed += 1) });
      await layer.groupAdd('room', channel);
      await server.killClients({ type: 'pubsub' });
      // Of its own address, and of the group's.
      await eventually(() => expect(missed).toBe(2));
      await layer.groupSend('room', 'again');
      expect(await channel.receive()).toBe('again');
    } finally {
      await app.close();
    }
  });

  it('drops what nobody received in time, and announces all it drops', async () => {
    const namespace = isolatedNamespace();
    const app = await startApplication({
      url: server.url,
      namespace,
      channelLayer: { expiry: '200ms', capacity: 1 },
    });
    try {
      const dropped: string[] = [];
      const unreadable: string[] = [];
      app.get(RedisKitEvents).on('channels.dropped', ({ reason }) => dropped.push(reason));
      app.get(RedisKitEvents).on('channels.unreadable', ({ address }) => unreadable.push(address));
      const layer = app.get(ChannelLayer);
      const channel = await layer.newChannel();
      await layer.send(channel.name, 'old');
      await layer.send(channel.name, 'too many');
      await eventually(() => expect(dropped).toEqual(['full']));
      const patience = AbortSignal.timeout(400);
      await eventually(() => patience.aborted);
      const next = channel.receive();
      await eventually(() => expect(dropped).toEqual(['full', 'expired']));
      await layer.send(channel.name, 'new');
      expect(await next).toBe('new');
      const address = `${namespace}:v1:channels:{${channel.name.split('!')[0]}}:process`;
      for (const garbage of ['', 'garbage', ' \n', 'a b c\n', `${'x'.repeat(500)}\n`]) {
        await server.call('SPUBLISH', address, garbage);
      }
      await eventually(() => expect(unreadable).toHaveLength(5));
    } finally {
      await app.close();
    }
  });

  it('says so when Redis does not answer', async () => {
    await using own = await RedisServer.start();
    const app = await startApplication({ url: own.url, channelLayer: { deadline: '300ms' } });
    try {
      const layer = app.get(ChannelLayer);
      const channel = await eventually(() => layer.newChannel());
      own.pause();
      const unavailable = { code: 'CHANNEL_UNAVAILABLE' };
      await expect(layer.groupSend('room', 1)).rejects.toMatchObject(unavailable);
      await expect(layer.groupAdd('room', channel)).rejects.toMatchObject(unavailable);
      expect(layer.members('room')).toEqual([]);
      own.resume();
      await eventually(() => layer.groupAdd('room', channel));
      expect(layer.members('room')).toEqual([channel.name]);
    } finally {
      await app.close();
    }
  });
});
