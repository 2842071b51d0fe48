import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Channel } from '../../events/channels/channel.js';
import type { ChannelLayer } from '../../events/channels/channel-layer.js';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface ChannelLayerSubject extends ContractSubject {
  /** Of two processes, if there are two; with a `capacity` of 3 and a `maxMessage` of 1000. */
  readonly layers: readonly [ChannelLayer, ChannelLayer];
}

const someGroup = (): string => `room-${randomBytes(8).toString('hex')}`;
const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

/** What it gets within a time in which everything that was sent has arrived: the last of it is a marker. */
async function upTo(channel: Channel, marker: unknown): Promise<unknown[]> {
  const received: unknown[] = [];
  for await (const message of channel) {
    if (message === marker) return received;
    received.push(message);
  }
  return received;
}

/** What a channel layer must do, wherever its messages go through. */
export function channelLayerContract(
  create: () => Promise<ChannelLayerSubject>,
): readonly ContractCase[] {
  return casesOf(create, {
    'sends to one channel, from any process': async ({ layers: [layer, other] }) => {
      const channel = await layer.newChannel();
      const bystander = await layer.newChannel();
      await other.send(channel.name, { text: 'hello', at: new Date(5) });
      await layer.send(channel.name, 'own');
      assert.deepEqual(await channel.receive(), { text: 'hello', at: new Date(5) });
      assert.equal(await channel.receive(), 'own');
      await layer.send(bystander.name, 'last');
      assert.deepEqual(await upTo(bystander, 'last'), []);
      channel.close();
      bystander.close();
    },

    'sends to all members of a group, and to nobody else': async ({ layers: [layer, other] }) => {
      const group = someGroup();
      const channels = [await layer.newChannel(), await layer.newChannel()];
      const far = await other.newChannel();
      const outsider = await other.newChannel();
      for (const channel of channels) await layer.groupAdd(group, channel);
      await other.groupAdd(group, far.name);
      await other.groupSend(group, 1);
      await layer.groupSend(group, 2, { except: channels[0]!.name });
      for (const channel of [...channels, far, outsider]) await other.send(channel.name, 'last');
      // Through two addresses, of which one may overtake the other.
      const received = async (channel: Channel, count: number) => {
        const messages = new Set<unknown>();
        for (let i = 0; i < count; i++) messages.add(await channel.receive());
        return messages;
      };
      assert.deepEqual(await received(channels[0]!, 2), new Set([1, 'last']));
      assert.deepEqual(await received(channels[1]!, 3), new Set([1, 2, 'last']));
      assert.deepEqual(await received(far, 3), new Set([1, 2, 'last']));
      assert.deepEqual(await upTo(outsider, 'last'), []);
      for (const channel of [...channels, far, outsider]) channel.close();
    },

    'sends nothing to who has left, and forgets a closed channel': async ({
      layers: [layer, other],
    }) => {
      const group = someGroup();
      const [leaver, closer, stayer] = [
        await layer.newChannel(),
        await layer.newChannel(),
        await layer.newChannel(),
      ];
      for (const channel of [leaver, closer, stayer]) await layer.groupAdd(group, channel);
      assert.equal(layer.members(group).length, 3);
      layer.groupDiscard(group, leaver);
      layer.groupDiscard(group, leaver);
      closer.close();
      assert.deepEqual(layer.members(group), [stayer.name]);
      await other.groupSend(group, 'late');
      assert.equal(await stayer.receive(), 'late');
      await layer.send(leaver.name, 'last');
      assert.deepEqual(await upTo(leaver, 'last'), []);
      await assert.rejects(closer.receive(), hasCode('CHANNEL_CLOSED'));
      await assert.rejects(layer.groupAdd(group, closer), hasCode('CHANNEL_CLOSED'));
      await other.send(closer.name, 'to nobody');
      leaver.close();
      stayer.close();
      assert.deepEqual(layer.members(group), []);
      const again = await layer.newChannel();
      await layer.groupAdd(group, again);
      await other.groupSend(group, 'again');
      assert.equal(await again.receive(), 'again');
      again.close();
    },

    'keeps at most its capacity, and drops what comes later': async ({
      layers: [layer, other],
    }) => {
      const channel = await layer.newChannel();
      const marker = await layer.newChannel();
      for (const number of [1, 2, 3, 4, 5]) await other.send(channel.name, number);
      await other.send(marker.name, 'last');
      assert.equal(await marker.receive(), 'last');
      assert.deepEqual(
        [await channel.receive(), await channel.receive(), await channel.receive()],
        [1, 2, 3],
      );
      await other.send(channel.name, 6);
      assert.equal(await channel.receive(), 6);
      channel.close();
      marker.close();
    },

    'loses no message to a receiver that gave up': async ({ layers: [layer, other] }) => {
      const channel = await layer.newChannel();
      const patience = new AbortController();
      const given = channel.receive({ signal: patience.signal });
      const next = channel.receive();
      patience.abort(new Error('enough'));
      await assert.rejects(given, /enough/);
      await other.send(channel.name, 'kept');
      assert.equal(await next, 'kept');
      const closed = channel.receive();
      channel.close();
      await assert.rejects(closed, hasCode('CHANNEL_CLOSED'));
    },

    'hands messages to a function, one after the other, whatever it throws': async ({
      layers: [layer, other],
    }) => {
      const seen: unknown[] = [];
      let running = 0;
      const channel = await layer.newChannel({
        onMessage: async (message: unknown) => {
          running += 1;
          assert.equal(running, 1);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
          seen.push(message);
          throw new Error('not my day');
        },
      });
      for (const number of [1, 2, 3]) await other.send(channel.name, number);
      await eventually(() => assert.deepEqual(seen, [1, 2, 3]), { within: 20_000 });
      channel.close();
    },

    'gives each receiver a copy of its own': async ({ layers: [layer, other] }) => {
      const group = someGroup();
      const [one, two] = [await layer.newChannel(), await layer.newChannel()];
      await layer.groupAdd(group, one);
      await layer.groupAdd(group, two);
      await other.groupSend(group, { list: [1] });
      const first = (await one.receive()) as { list: number[] };
      first.list.push(2);
      assert.deepEqual(await two.receive(), { list: [1] });
      one.close();
      two.close();
    },

    'closes everything at a flush, and can go on': async ({ layers: [layer] }) => {
      const group = someGroup();
      const channel = await layer.newChannel();
      await layer.groupAdd(group, channel);
      layer.flush();
      assert.equal(channel.isClosed, true);
      assert.deepEqual(layer.members(group), []);
      const next = await layer.newChannel();
      await layer.groupAdd(group, next);
      await layer.groupSend(group, 'after');
      assert.equal(await next.receive(), 'after');
      next.close();
    },

    'refuses names and messages that cannot be': async ({ layers: [layer] }) => {
      const channel = await layer.newChannel();
      for (const group of ['', 'a b', 'é', 'x'.repeat(201), '{a}', 5]) {
        await assert.rejects(
          layer.groupAdd(group as string, channel),
          hasCode('CHANNEL_NAME_INVALID'),
        );
        await assert.rejects(layer.groupSend(group as string, 1), hasCode('CHANNEL_NAME_INVALID'));
      }
      for (const name of ['', 'somebody', `${channel.name}\n`, 5]) {
        await assert.rejects(layer.send(name as string, 1), hasCode('CHANNEL_NAME_INVALID'));
      }
      await assert.rejects(
        layer.groupSend('a', 1, { except: 'me\n' }),
        hasCode('CHANNEL_NAME_INVALID'),
      );
      await assert.rejects(
        layer.send(channel.name, 'x'.repeat(1_100)),
        hasCode('CHANNEL_MESSAGE_REFUSED'),
      );
      await assert.rejects(layer.groupAdd('a', 'aaaaaaaaaaaa!0'), hasCode('CHANNEL_CLOSED'));
      channel.close();
    },
  });
}
