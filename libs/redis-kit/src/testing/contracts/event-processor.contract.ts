import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { EventStore } from '../../streams/event-store.js';
import type { NewEvent } from '../../streams/event.js';
import type { DeadLetters } from '../../streams/processing/dead-letters.js';
import type { EventProcessor } from '../../streams/processing/event-processor.js';
import type { Inbox } from '../../streams/processing/inbox.js';
import { eventually } from '../rig/eventually.js';
import { casesOf, type ContractCase, type ContractSubject } from './contract.js';

export interface EventProcessorSubject extends ContractSubject {
  /** With 4 partitions a category. */
  readonly store: EventStore;
  /** Of a started application. */
  readonly processor: EventProcessor;
  readonly deadLetters: DeadLetters;
  readonly inbox: Inbox;
}

const within = { within: 30_000 };
const hasCode = (code: string) => (error: unknown) => (error as { code?: string }).code === code;
const someCategory = (): string => `c${randomUUID().replaceAll('-', '')}`;
const added = (n: number, type = 'Added'): NewEvent => ({ type, data: { n } });
const numberOf = ({ data }: { data: unknown }): number => (data as { n: number }).n;

/** What the processor of events must do, wherever they are kept. */
export function eventProcessorContract(
  create: () => Promise<EventProcessorSubject>,
): readonly ContractCase[] {
  return casesOf(create, {
    'hands every event to every group, in order within a stream': async ({ store, processor }) => {
      const category = someCategory();
      const seen = { a: [] as string[], b: [] as string[] };
      for (let n = 0; n < 40; n++) await store.append(`${category}-${n % 6}`, added(n));
      for (const group of ['a', 'b'] as const) {
        processor.handle({ category, group }, async (event) => {
          await Promise.resolve();
          seen[group].push(`${event.stream}:${event.version}`);
        });
      }
      for (let n = 40; n < 80; n++) await store.append(`${category}-${n % 6}`, added(n));
      await eventually(() => {
        assert.equal(seen.a.length, 80);
        assert.equal(seen.b.length, 80);
      }, within);
      for (const list of [seen.a, seen.b]) {
        assert.equal(new Set(list).size, 80);
        for (let id = 0; id < 6; id++) {
          const versions = list
            .filter((one) => one.startsWith(`${category}-${id}:`))
            .map((one) => Number(one.split(':')[1]));
          assert.deepEqual(
            versions,
            versions.map((_, at) => at + 1),
          );
        }
      }
      await eventually(async () => {
        const status = await processor.status({ category, group: 'a' });
        assert.equal(status.length, 4);
        for (const { lag, pending } of status) assert.ok((lag ?? 0) === 0 && pending === 0);
      }, within);
    },

    'begins at the end when it is told to, and handles one stream when it is named': async ({
      store,
      processor,
    }) => {
      const category = someCategory();
      const late: number[] = [];
      const one: number[] = [];
      await store.append(`${category}-1`, [added(1), added(2)]);
      await store.append(`${category}-2`, added(3));
      processor.handle({ category, group: 'late', from: 'end' }, (event) =>
        late.push(numberOf(event)),
      );
      processor.handle({ stream: `${category}-1`, group: 'one' }, (event) =>
        one.push(numberOf(event)),
      );
      await eventually(async () => {
        const status = await processor.status({ category, group: 'late' });
        assert.ok(status.every(({ owner, lag }) => owner !== undefined && lag === 0));
      }, within);
      await store.append(`${category}-2`, added(4));
      await store.append(`${category}-1`, added(5));
      await eventually(() => {
        assert.deepEqual(late.toSorted(), [4, 5]);
        assert.deepEqual(one, [1, 2, 5]);
      }, within);
    },

    'calls the handlers of a type, each until it succeeded': async ({ store, processor }) => {
      const category = someCategory();
      const calls: string[] = [];
      const terms = { category, group: 'g', backoff: 1 } as const;
      processor.handle({ ...terms, type: 'Paid' }, (event) =>
        calls.push(`paid ${numberOf(event)}`),
      );
      processor.handle({ ...terms, type: ['Paid', 'Sent'] }, (event) => {
        calls.push(`both ${numberOf(event)}`);
        if (numberOf(event) === 1 && calls.filter((call) => call === 'both 1').length < 3) {
          throw new Error('not yet');
        }
      });
      await store.append(`${category}-1`, [added(1, 'Paid'), added(2, 'Sent'), added(3, 'Other')]);
      await eventually(() => assert.equal(calls.at(-1), 'both 2'), within);
      assert.deepEqual(calls, ['paid 1', 'both 1', 'both 1', 'both 1', 'both 2']);
      assert.throws(
        () => processor.handle({ ...terms, retries: 1 }, () => undefined),
        hasCode('CONFIGURATION_INVALID'),
      );
      assert.throws(
        () => processor.handle({ group: 'g' }, () => undefined),
        hasCode('CONFIGURATION_INVALID'),
      );
    },

    'tries a failing event again in its stream, while the others go on': async ({
      store,
      processor,
    }) => {
      const category = someCategory();
      const done: string[] = [];
      let isMended = false;
      processor.handle(
        { category, group: 'g', backoff: 5, maxBackoff: 20, retries: 1_000 },
        (event) => {
          if (event.stream === `${category}-bad` && !isMended) throw new Error('later');
          done.push(`${event.stream}:${numberOf(event)}`);
        },
      );
      await store.append(`${category}-bad`, [added(1), added(2)]);
      for (let id = 0; id < 12; id++) await store.append(`${category}-${id}`, added(id));
      await eventually(() => assert.equal(done.length, 12), within);
      isMended = true;
      await eventually(() => assert.equal(done.length, 14), within);
      assert.deepEqual(done.slice(-2), [`${category}-bad:1`, `${category}-bad:2`]);
    },

    'makes dead letters of what fails too often, and hands them out again': async ({
      store,
      processor,
      deadLetters,
    }) => {
      const category = someCategory();
      const source = { category, group: 'g' };
      const handled: number[] = [];
      let tries = 0;
      let isMended = false;
      processor.handle({ ...source, retries: 2, backoff: 1 }, (event) => {
        if (numberOf(event) < 3 && !isMended) {
          tries += 1;
          throw new Error('broken');
        }
        handled.push(numberOf(event));
      });
      await store.append(`${category}-1`, [added(1), added(2), added(3)]);
      await eventually(() => assert.deepEqual(handled, [3]), within);
      assert.equal(tries, 6);
      const letters = await deadLetters.list(source);
      assert.deepEqual(
        letters.map(({ reason, message, attempts, version }) => [
          reason,
          message,
          attempts,
          version,
        ]),
        [1, 2].map((version) => ['failed', 'broken', 3, version]),
      );
      assert.deepEqual(letters[0]!.event!.data, { n: 1 });
      assert.equal((await deadLetters.get(source, letters[1]!.id))!.version, 2);
      assert.deepEqual(await deadLetters.list(source, { limit: 1 }), [letters[0]]);
      assert.deepEqual(await deadLetters.list(source, { after: letters[0]!.id }), [letters[1]]);
      const { count, oldestMs } = await deadLetters.summary(source);
      assert.equal(count, 2);
      assert.ok(oldestMs! >= 0 && oldestMs! < 600_000);
      // Still broken: it comes back.
      assert.equal(await deadLetters.replay(source, [letters[0]!.id]), 1);
      await eventually(async () => {
        assert.equal(tries, 9);
        assert.equal((await deadLetters.summary(source)).count, 2);
      }, within);
      isMended = true;
      assert.equal(await deadLetters.replay(source, [letters[1]!.id]), 1);
      await eventually(() => assert.deepEqual(handled, [3, 2]), within);
      assert.equal(await deadLetters.replay(source, [letters[1]!.id]), 0);
      assert.equal(await deadLetters.replay(source, 'all'), 1);
      await eventually(() => assert.deepEqual(handled, [3, 2, 1]), within);
      assert.deepEqual(await deadLetters.summary(source), { count: 0, oldestMs: undefined });
      assert.equal(await deadLetters.discard(source, 'all'), 0);
      await assert.rejects(deadLetters.get(source, 'x'), hasCode('STREAM_ARGUMENT_INVALID'));
    },

    'runs at most as many handlers at once as it may': async ({ store, processor }) => {
      const category = someCategory();
      let running = 0;
      let most = 0;
      let handled = 0;
      processor.handle({ category, group: 'g', concurrency: 3 }, async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        handled += 1;
      });
      for (let n = 0; n < 60; n++) await store.append(`${category}-${n}`, added(n));
      await eventually(() => assert.equal(handled, 60), within);
      assert.ok(most <= 3);
    },

    'does work once for an event, by one at a time, again when it failed': async ({ inbox }) => {
      const event = randomUUID();
      const failing = inbox.processOnce(event, () => Promise.reject(new Error('no')));
      await assert.rejects(failing, /^Error: no$/);
      let finish!: (value: number) => void;
      let began!: () => void;
      const isRunning = new Promise<void>((resolve) => (began = resolve));
      const work = inbox.processOnce(event, () => {
        began();
        return new Promise<number>((resolve) => (finish = resolve));
      });
      await isRunning;
      await assert.rejects(
        inbox.processOnce(event, () => 2),
        hasCode('STREAM_INBOX_BUSY'),
      );
      assert.deepEqual(await inbox.processOnce(event, () => 3, { scope: 'other' }), {
        isDone: true,
        value: 3,
      });
      finish(1);
      assert.deepEqual(await work, { isDone: true, value: 1 });
      assert.deepEqual(await inbox.processOnce(event, () => 4), { isDone: false });
      await assert.rejects(
        inbox.processOnce(event, () => 5, { lease: 0 }),
        hasCode('STREAM_ARGUMENT_INVALID'),
      );
    },
  });
}
