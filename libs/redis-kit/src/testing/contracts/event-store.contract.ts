import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { LoggedEvent, NewEvent } from '../../streams/event.js';
import type { EventStore } from '../../streams/event-store.js';
import type { LogPosition } from '../../streams/log-position.js';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface EventStoreSubject extends ContractSubject {
  /** With 4 partitions a category and a `maxEventBytes` of 4096. */
  readonly store: EventStore;
}

const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code;

/** A category nobody else uses. */
const someCategory = (): string => `c${randomUUID().replaceAll('-', '')}`;
const someStream = (): string => `${someCategory()}-1`;

const added = (n: number, id?: string): NewEvent => ({ id, type: 'Added', data: { n } });
const numbers = (events: readonly { data: unknown }[]): number[] =>
  events.map(({ data }) => (data as { n: number }).n);

/** What an event store must do, wherever it keeps its events. */
export function eventStoreContract(
  create: () => Promise<EventStoreSubject>,
): readonly ContractCase[] {
  return casesOf(create, {
    'appends and reads, forward and backward, in parts and page by page': async ({ store }) => {
      const stream = someStream();
      assert.deepEqual(await store.read(stream), []);
      const first = await store.append(stream, { ...added(1), metadata: { by: 'ann' } });
      assert.equal(first.version, 1);
      assert.equal(first.isDuplicate, false);
      assert.match(first.position!, /^\d+-\d+$/);
      await store.append(stream, [added(2), added(3), added(4)]);
      const all = await store.read<{ n: number }>(stream);
      assert.deepEqual(
        all.map(({ version, data, type }) => [version, data.n, type]),
        [1, 2, 3, 4].map((n) => [n, n, 'Added']),
      );
      assert.equal(all[0]!.id, first.lastEventId);
      assert.deepEqual(all[0]!.metadata, { by: 'ann' });
      assert.deepEqual(all[1]!.metadata, {});
      assert.equal(all[0]!.stream, stream);
      assert.ok(all[0]!.recordedAt.getTime() > 1_600_000_000_000);
      assert.deepEqual(numbers(await store.read(stream, { from: 3 })), [3, 4]);
      assert.deepEqual(numbers(await store.read(stream, { from: 2, limit: 2 })), [2, 3]);
      assert.deepEqual(numbers(await store.read(stream, { direction: 'backward' })), [4, 3, 2, 1]);
      assert.deepEqual(
        numbers(await store.read(stream, { direction: 'backward', from: 3, limit: 2 })),
        [3, 2],
      );
      assert.deepEqual(numbers(await store.read(stream, { from: 9 })), []);
      const walked: number[] = [];
      const query = store.read<{ n: number }>(stream, { from: 1 });
      for await (const event of query) walked.push(event.data.n);
      assert.deepEqual(numbers(await query), walked);
      assert.deepEqual(walked, [1, 2, 3, 4]);
    },

    'reads more than a page, in both directions': async ({ store }) => {
      const stream = someStream();
      for (let at = 0; at < 3; at++) {
        await store.append(
          stream,
          Array.from({ length: 700 }, (_, i) => added(at * 700 + i)),
        );
      }
      const expected = Array.from({ length: 2_100 }, (_, n) => n);
      assert.deepEqual(numbers(await store.read(stream)), expected);
      const back: number[] = [];
      for await (const event of store.read<{ n: number }>(stream, { direction: 'backward' })) {
        back.push(event.data.n);
        if (back.length === 1_500) break;
      }
      assert.deepEqual(back, expected.toReversed().slice(0, 1_500));
    },

    'refuses an append when the stream is not as expected, and writes nothing': async ({
      store,
    }) => {
      const stream = someStream();
      const conflict = (expected: unknown, actual: number) => (error: unknown) => {
        const { code, ...fields } = error as Record<string, unknown>;
        assert.equal(code, 'STREAM_CONCURRENCY');
        assert.equal(fields['expected'], expected);
        assert.equal(fields['actual'], actual);
        return true;
      };
      await assert.rejects(
        store.append(stream, added(1), { expectedVersion: 'exists' }),
        conflict('exists', 0),
      );
      await assert.rejects(store.append(stream, added(1), { expectedVersion: 3 }), conflict(3, 0));
      await store.append(stream, added(1), { expectedVersion: 'no-stream' });
      await assert.rejects(
        store.append(stream, added(2), { expectedVersion: 'no-stream' }),
        conflict('no-stream', 1),
      );
      await assert.rejects(store.append(stream, added(2), { expectedVersion: 0 }), conflict(0, 1));
      await store.append(stream, added(2), { expectedVersion: 1 });
      await store.append(stream, added(3), { expectedVersion: 'exists' });
      await store.append(stream, added(4), { expectedVersion: 'any' });
      await assert.rejects(
        store.append(stream, [added(5), added(6)], { expectedVersion: 3 }),
        conflict(3, 4),
      );
      assert.deepEqual(numbers(await store.read(stream)), [1, 2, 3, 4]);
    },

    'accepts one of many that append at the same version': async ({ store }) => {
      const stream = someStream();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) =>
          store.append(stream, added(n), { expectedVersion: 0 }),
        ),
      );
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
      assert.equal((await store.read(stream)).length, 1);
    },

    'stores a repeated append once, whatever was expected': async ({ store }) => {
      const stream = someStream();
      const events = [added(1, 'a'), added(2, 'b')];
      for (const expectedVersion of ['no-stream', 'any', 0, 'exists', 7] as const) {
        const { version, isDuplicate, lastEventId } = await store.append(stream, events, {
          expectedVersion,
        });
        assert.deepEqual([version, lastEventId], [2, 'b']);
        assert.equal(isDuplicate, expectedVersion !== 'no-stream');
      }
      await store.append(stream, added(3, 'c'));
      assert.equal((await store.append(stream, events)).version, 2);
      assert.deepEqual(numbers(await store.read(stream)), [1, 2, 3]);
      for (const reused of [
        [added(2, 'b'), added(4, 'd')],
        [added(2, 'b'), added(1, 'a')],
        [added(1, 'a'), added(3, 'c')],
      ]) {
        await assert.rejects(store.append(stream, reused), hasCode('STREAM_EVENT_ID_REUSED'));
      }
      assert.deepEqual(numbers(await store.read(stream)), [1, 2, 3]);
    },

    'refuses an append that was decided on another history': async ({ store }) => {
      const stream = someStream();
      await store.append(stream, [added(1, 'a'), added(2, 'b')]);
      await assert.rejects(
        store.append(stream, added(3), { expectedVersion: 2, lastEventId: 'x' }),
        (error: unknown) =>
          hasCode('STREAM_CONCURRENCY')(error) && (error as { diverged: boolean }).diverged,
      );
      await store.append(stream, added(3), { expectedVersion: 2, lastEventId: 'b' });
      assert.deepEqual(numbers(await store.read(stream)), [1, 2, 3]);
    },

    'refuses what is no stream, no event and no option': async ({ store }) => {
      const refused = hasCode('STREAM_ARGUMENT_INVALID');
      for (const stream of ['', '-1', 'a{b}-1', '1order-1', 'order-', 'order-\u0000', 7 as never]) {
        await assert.rejects(store.append(stream, added(1)), refused);
        await assert.rejects(Promise.resolve(store.read(stream)), refused);
      }
      const stream = someStream();
      for (const event of [
        { type: '', data: 1 },
        { type: 'a b', data: 1 },
        { type: 'A', data: 1, id: 'spaces are none' },
        null as never,
      ]) {
        await assert.rejects(store.append(stream, event), refused);
      }
      await assert.rejects(store.append(stream, []), refused);
      await assert.rejects(store.append(stream, [added(1, 'x'), added(2, 'x')]), refused);
      const many = Array.from({ length: 1_001 }, (_, n) => added(n));
      await assert.rejects(store.append(stream, many), refused);
      for (const expectedVersion of [-1, 1.5, 'none' as never]) {
        await assert.rejects(store.append(stream, added(1), { expectedVersion }), refused);
      }
      const durability = { waitReplicas: -1 };
      await assert.rejects(store.append(stream, added(1), { durability }), refused);
      assert.throws(() => store.read(stream, { from: 0 }), refused);
      assert.throws(() => store.read(stream, { limit: 0 }), refused);
      await assert.rejects(
        store.append(stream, { type: 'A', data: 'x'.repeat(5_000) }),
        hasCode('STREAM_PAYLOAD'),
      );
      assert.deepEqual(await store.read(stream), []);
    },

    'reads a category in the order of appends in each partition, page by page': async ({
      store,
    }) => {
      const category = someCategory();
      for (let n = 0; n < 60; n++) await store.append(`${category}-${n % 7}`, added(n));
      const events: LoggedEvent[] = [];
      let position: LogPosition = {};
      for (let isEnd = false; !isEnd;) {
        const page = await store.readAll(category, { from: position, limit: 25 });
        assert.deepEqual(page.gaps, []);
        assert.ok(page.events.length <= 25);
        events.push(...page.events);
        ({ position, isEnd } = page);
      }
      assert.equal(new Set(numbers(events)).size, 60);
      for (const partition of [0, 1, 2, 3]) {
        const own = numbers(events.filter((event) => event.partition === partition));
        assert.deepEqual(
          own,
          [...own].sort((one, other) => one - other),
        );
      }
      const walked: LoggedEvent[] = [];
      for await (const event of store.readAll(category, { limit: 7 })) walked.push(event);
      assert.deepEqual(
        numbers(walked).sort((one, other) => one - other),
        Array.from({ length: 60 }, (_, n) => n),
      );
      assert.deepEqual(JSON.parse(JSON.stringify(position)), position);
      await store.append(`${category}-3`, added(60));
      assert.deepEqual(numbers((await store.readAll(category, { from: position })).events), [60]);
    },

    'follows a category: what is there, that it has caught up, what comes': async ({ store }) => {
      const category = someCategory();
      for (let n = 0; n < 30; n++) await store.append(`${category}-${n % 5}`, added(n));
      const seen: number[] = [];
      let atCaughtUp: number | undefined;
      const subscription = store.subscribe<{ n: number }>(
        category,
        ({ data }) => void seen.push(data.n),
        { onCaughtUp: () => (atCaughtUp ??= seen.length) },
      );
      await eventually(() => assert.equal(atCaughtUp, 30), { within: 20_000 });
      await store.append(`${category}-1`, added(30));
      await eventually(() => assert.equal(seen.length, 31), { within: 20_000 });
      await subscription.close();
      await subscription.done;
      await store.append(`${category}-1`, added(31));
      const later: number[] = [];
      const next = store.subscribe<{ n: number }>(category, ({ data }) => later.push(data.n), {
        from: subscription.position,
      });
      await eventually(() => assert.deepEqual(later, [31]), { within: 20_000 });
      await next.close();
    },

    'ends a subscription whose handler throws, before the event that it did not handle': async ({
      store,
    }) => {
      const stream = someStream();
      await store.append(stream, [added(0), added(1), added(2)]);
      const failing = store.subscribe<{ n: number }>(stream.split('-')[0]!, ({ data }) => {
        if (data.n === 1) throw new Error('no');
      });
      await assert.rejects(failing.done, /^Error: no$/);
      const rest: number[] = [];
      const next = store.subscribe<{ n: number }>(
        stream.split('-')[0]!,
        ({ data }) => rest.push(data.n),
        { from: failing.position },
      );
      await eventually(() => assert.deepEqual(rest, [1, 2]), { within: 20_000 });
      await next.close();
    },

    'begins a subscription at the end when it is told to': async ({ store }) => {
      const stream = someStream();
      const category = stream.split('-')[0]!;
      await store.append(stream, [added(0), added(1)]);
      const seen: number[] = [];
      const subscription = store.subscribe<{ n: number }>(
        category,
        ({ data }) => seen.push(data.n),
        { from: await store.end(category) },
      );
      await store.append(stream, added(2));
      await eventually(() => assert.deepEqual(seen, [2]), { within: 20_000 });
      await subscription.close();
    },
  });
}
