import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { IsInt, IsString } from 'class-validator';
import type { RedisEvent } from '../../events/incoming-event.js';
import type { EventSubscription, RedisEventBus } from '../../events/redis-event-bus.js';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface EventBusSubject extends ContractSubject {
  /** Of two processes, if there are two; with `kept.**` recoverable and a `maxPayload` of 1000. */
  readonly buses: readonly [RedisEventBus, RedisEventBus];
}

class Order {
  @IsString()
  id!: string;

  @IsInt()
  count!: number;

  get label(): string {
    return `${this.id} x ${this.count}`;
  }
}

/** A name that no other case uses. */
const someName = (): string => `contract-${randomBytes(8).toString('hex')}`;

const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

interface Heard {
  readonly payload: unknown;
  readonly event: RedisEvent;
}

/** Collects what a handler is called with. */
function collector(): { heard: Heard[]; handler: (payload: unknown, event: RedisEvent) => void } {
  const heard: Heard[] = [];
  return { heard, handler: (payload, event) => void heard.push({ payload, event }) };
}

const payloads = (heard: readonly Heard[]): unknown[] => heard.map(({ payload }) => payload);

async function closeAll(...subscriptions: EventSubscription[]): Promise<void> {
  await Promise.all(subscriptions.map((subscription) => subscription.close()));
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** What an event bus must do, wherever its events go through. */
export function eventBusContract(create: () => Promise<EventBusSubject>): readonly ContractCase[] {
  return casesOf(create, {
    'hands an event to every process, with its name, key and id': async ({ buses }) => {
      const name = `orders.${someName()}`;
      const all = buses.map((bus) => {
        const { heard, handler } = collector();
        return { heard, subscription: bus.subscribe(name, handler) };
      });
      await Promise.all(all.map(({ subscription }) => subscription.ready));
      const { id, isKept } = await buses[0].publish(name, { id: 'o1' }, { key: 'order 1/é' });
      assert.equal(isKept, false);
      for (const { heard } of all) await eventually(() => heard.length === 1, { within: 20_000 });
      for (const { heard } of all) {
        const [{ payload, event }] = heard as [Heard];
        assert.deepEqual(payload, { id: 'o1' });
        assert.equal(event.name, name);
        assert.equal(event.key, 'order 1/é');
        assert.equal(event.id, id);
        assert.equal(event.isKept, false);
      }
      assert.equal(all[0]!.heard[0]!.event.isOwn, true);
      await closeAll(...all.map(({ subscription }) => subscription));
    },

    'matches names by segments, and calls a handler once however many patterns match': async ({
      buses: [bus, other],
    }) => {
      const one = someName();
      const { heard, handler } = collector();
      const seen = collector();
      const subscription = bus.subscribe(
        [`${one}.*`, `${one}.**`, `${one}.created`, `**.created`, `*.created`],
        handler,
      );
      const narrow = bus.subscribe(`${one}.*`, seen.handler);
      await Promise.all([subscription.ready, narrow.ready]);
      await other.publish(`${one}.created`, 1, { key: one });
      await other.publish(`${one}.created.late`, 2, { key: one });
      await other.publish(one, 3, { key: one });
      await eventually(() => heard.length === 3, { within: 20_000 });
      assert.deepEqual(payloads(heard), [1, 2, 3]);
      assert.deepEqual(payloads(seen.heard), [1]);
      await closeAll(subscription, narrow);
    },

    'keeps what types the values have': async ({ buses: [bus, other] }) => {
      const name = someName();
      const { heard, handler } = collector();
      const subscription = bus.subscribe(name, handler);
      await subscription.ready;
      const values = [
        undefined,
        null,
        0,
        'text é',
        { at: new Date(5), big: 5n, map: new Map([['a', new Set([1])]]) },
      ];
      for (const value of values) await other.publish(name, value);
      await eventually(() => heard.length === values.length, { within: 20_000 });
      assert.deepEqual(payloads(heard), values);
      await subscription.close();
    },

    'keeps the order of a key among many, for kept events as well': async ({
      buses: [bus, other],
    }) => {
      const base = someName();
      const received: Heard[] = [];
      const handler = async (payload: unknown, event: RedisEvent) => {
        if ((payload as number) % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
        received.push({ payload, event });
      };
      const options = { concurrency: 4, delivery: 'recoverable' } as const;
      const subscription = bus.subscribe(`kept.${base}`, handler, options);
      await subscription.ready;
      await Promise.all(
        numbers(400).map((number) =>
          other.publish(`kept.${base}`, number, { key: `${base}-${number % 5}` }),
        ),
      );
      await eventually(() => received.length === 400, { within: 30_000 });
      for (const remainder of numbers(5)) {
        const ofKey = received.filter(({ event }) => event.key === `${base}-${remainder}`);
        assert.deepEqual(
          payloads(ofKey),
          numbers(400).filter((number) => number % 5 === remainder),
        );
      }
      assert.ok(received.every(({ event }) => event.isKept));
      await subscription.close();
    },

    'gives both kinds of handlers both kinds of events': async ({ buses: [bus, other] }) => {
      const base = someName();
      const transient = collector();
      const recoverable = collector();
      const subscriptions = [
        bus.subscribe([`*.${base}`], transient.handler),
        bus.subscribe([`kept.${base}`, `passing.${base}`], recoverable.handler, {
          delivery: 'recoverable',
        }),
      ];
      await Promise.all(subscriptions.map(({ ready }) => ready));
      await other.publish(`kept.${base}`, 'kept', { key: base });
      await eventually(() => recoverable.heard.length === 1, { within: 20_000 });
      await other.publish(`passing.${base}`, 'passing', { key: base });
      const flags = (heard: Heard[]) => heard.map(({ payload, event }) => [payload, event.isKept]);
      const expected = [
        ['kept', true],
        ['passing', false],
      ];
      for (const { heard } of [transient, recoverable]) {
        await eventually(() => heard.length === 2, { within: 20_000 });
        assert.deepEqual(flags(heard), expected);
      }
      const { isKept } = await other.publish(`kept.${base}`, 1, { delivery: 'transient' });
      assert.equal(isKept, false);
      await closeAll(...subscriptions);
    },

    'checks payloads by their class, and refuses the others': async ({ buses: [bus, other] }) => {
      const name = someName();
      const labels: string[] = [];
      const subscription = bus.subscribe<Order>(name, (order) => void labels.push(order.label), {
        payload: Order,
      });
      await subscription.ready;
      for (const wrong of [{ id: 'a', count: 'many' }, { id: 5 }, [1], 'text', null, undefined]) {
        await other.publish(name, wrong);
      }
      await other.publish(name, { id: 'a', count: 2, ['__proto__']: { count: 9 } });
      await eventually(() => labels.length === 1, { within: 20_000 });
      assert.deepEqual(labels, ['a x 2']);
      assert.equal(subscription.stats.refused, 6);
      assert.equal(subscription.stats.handled, 1);
      await subscription.close();
    },

    'isolates handlers that throw or reject, and counts it': async ({ buses: [bus, other] }) => {
      const name = someName();
      const { heard, handler } = collector();
      const throwing = bus.subscribe(name, () => {
        throw new Error('thrown');
      });
      const rejecting = bus.subscribe(name, () => Promise.reject(new Error('rejected')));
      const fine = bus.subscribe(name, handler);
      await Promise.all([throwing.ready, rejecting.ready, fine.ready]);
      await other.publish(name, 1);
      await other.publish(name, 2);
      await eventually(() => heard.length === 2, { within: 20_000 });
      await eventually(() => rejecting.stats.failed === 2, { within: 20_000 });
      assert.equal(throwing.stats.failed, 2);
      assert.equal(fine.stats.handled, 2);
      await closeAll(throwing, rejecting, fine);
    },

    'bounds what waits for a slow handler, by either policy': async ({ buses: [bus, other] }) => {
      const name = someName();
      const last = collector();
      let open!: () => void;
      const opened = new Promise<void>((resolve) => (open = resolve));
      const slow = (list: unknown[]) => async (payload: unknown) => {
        await opened;
        list.push(payload);
      };
      const oldest: unknown[] = [];
      const newest: unknown[] = [];
      const dropsOldest = bus.subscribe(name, slow(oldest), { queue: 3 });
      const dropsNewest = bus.subscribe(name, slow(newest), { queue: 3, whenFull: 'drop-newest' });
      const marker = bus.subscribe(name, last.handler);
      await Promise.all([dropsOldest.ready, dropsNewest.ready, marker.ready]);
      for (const number of numbers(10)) await other.publish(name, number);
      await eventually(() => last.heard.length === 10, { within: 20_000 });
      assert.equal(dropsOldest.stats.waiting, 3);
      open();
      await closeAll(dropsOldest, dropsNewest, marker);
      assert.deepEqual(oldest, [0, 7, 8, 9]);
      assert.deepEqual(newest, [0, 1, 2, 3]);
      assert.equal(dropsOldest.stats.dropped, 6);
    },

    'tells a recoverable handler of events that fell out of its queue, in their place': async ({
      buses: [bus, other],
    }) => {
      const name = `kept.${someName()}`;
      const marker = collector();
      let open!: () => void;
      const opened = new Promise<void>((resolve) => (open = resolve));
      const told: unknown[] = [];
      const subscription = bus.subscribe(
        name,
        async (payload: unknown) => {
          await opened;
          told.push(payload);
        },
        {
          delivery: 'recoverable',
          queue: 2,
          onGap: ({ reason }) => void told.push(reason),
        },
      );
      const all = bus.subscribe(name, marker.handler);
      await Promise.all([subscription.ready, all.ready]);
      for (const number of numbers(6)) await other.publish(name, number);
      await eventually(() => marker.heard.length === 6, { within: 20_000 });
      await eventually(() => subscription.stats.dropped === 3, { within: 20_000 });
      open();
      await closeAll(subscription, all);
      assert.deepEqual(told, [0, 'overflow', 4, 5]);
    },

    'leaves out what a process published itself, when it is told to': async ({
      buses: [bus, other],
    }) => {
      const name = someName();
      const all = collector();
      const others = collector();
      const subscriptions = [
        bus.subscribe(name, all.handler),
        bus.subscribe(name, others.handler, { ignoreOwn: true }),
      ];
      await Promise.all(subscriptions.map(({ ready }) => ready));
      await bus.publish(name, 'own');
      await other.publish(name, 'other');
      await eventually(() => all.heard.length === 2, { within: 20_000 });
      assert.deepEqual(payloads(others.heard), bus === other ? [] : ['other']);
      await closeAll(...subscriptions);
    },

    'hands nothing to a handler that was closed, and goes on for the others': async ({
      buses: [bus, other],
    }) => {
      const name = someName();
      const closed = collector();
      const open = collector();
      const first = bus.subscribe(name, closed.handler);
      const second = bus.subscribe(name, open.handler);
      await Promise.all([first.ready, second.ready]);
      await first.close();
      await other.publish(name, 1);
      await eventually(() => open.heard.length === 1, { within: 20_000 });
      assert.equal(closed.heard.length, 0);
      await second.close();
      const again = bus.subscribe(name, closed.handler);
      await again.ready;
      await other.publish(name, 2);
      await eventually(() => closed.heard.length === 1, { within: 20_000 });
      await again.close();
    },

    'refuses names, patterns, keys, options and payloads that cannot be': async ({
      buses: [bus],
    }) => {
      for (const name of ['', 'a..b', 'a.*', 'a b', 'é', 'a\n', 'x'.repeat(201), 5]) {
        await assert.rejects(bus.publish(name as string), hasCode('EVENT_NAME_INVALID'));
      }
      for (const pattern of ['', 'a.b*', 'a..b', 'a b', [] as string[], ['a', '']]) {
        assert.throws(() => bus.subscribe(pattern, () => undefined), hasCode('EVENT_NAME_INVALID'));
      }
      for (const key of ['', 'x'.repeat(513), '\ud800', 5]) {
        const options = { key: key as string };
        await assert.rejects(bus.publish('a', 1, options), hasCode('EVENT_NAME_INVALID'));
      }
      await assert.rejects(bus.publish('a', 'x'.repeat(1_100)), hasCode('EVENT_PAYLOAD_REFUSED'));
      await assert.rejects(
        bus.publish('a', 1, { delivery: 'twice' as 'transient' }),
        hasCode('EVENT_PAYLOAD_REFUSED'),
      );
      assert.throws(
        () => bus.subscribe('a', () => undefined, { queue: 0 }),
        hasCode('CONFIGURATION_INVALID'),
      );
    },
  });
}
