import { describe, expect, it } from '@jest/globals';
import { Codec } from '../core/codec/codec.js';
import { deferred, type Deferred } from '../core/deferred.js';
import { RedisKitEvents } from '../core/events.js';
import { EventHandler } from './event-handler.js';
import { resolveSubscribeOptions } from './handler.options.js';
import { HandlerRoom } from './handler-room.js';
import { Tracing } from './tracing.js';

const codec = new Codec({
  format: 'json',
  compressAbove: Infinity,
  maxEncodedBytes: 100,
  maxDecodedBytes: 100,
});

/** A handler that finishes an event when it is told to. */
function slowHandler(queue: number): {
  handler: EventHandler;
  finish: () => void;
  fill: () => void;
} {
  const running: Deferred<void>[] = [];
  const options = resolveSubscribeOptions({ delivery: 'recoverable', queue }, 'test');
  const handler = new EventHandler(
    'slow',
    options,
    () => {
      const work = deferred<void>();
      running.push(work);
      return work.promise;
    },
    { codec, events: new RedisKitEvents(), tracing: new Tracing(undefined) },
  );
  const event = {
    name: 'a',
    key: 'a',
    id: 'p-0',
    traceparent: undefined,
    payload: codec.encode(1) as Buffer,
    entry: '1-0',
    partition: 0,
    isOwn: false,
  };
  return {
    handler,
    finish: () => running.shift()?.resolve(),
    // One at work, and a full queue.
    fill: () => {
      for (let i = 0; i <= queue; i++) handler.take(event);
    },
  };
}

describe('the room of handlers', () => {
  it('lets through at once what fits, and reads no more than the smallest queue holds', async () => {
    const { handler } = slowHandler(5);
    const room = new HandlerRoom(new Set([handler]));
    expect(room.page).toBe(5);
    await room.wait(5);
    expect(new HandlerRoom(new Set()).page).toBe(200);
  });

  it('waits until a full handler has done enough', async () => {
    const { handler, fill, finish } = slowHandler(2);
    const room = new HandlerRoom(new Set([handler]));
    fill();
    let isThrough = false;
    const waited = room.wait(2).then(() => (isThrough = true));
    finish();
    await Promise.resolve();
    expect(isThrough).toBe(false);
    const timer = setInterval(finish, 1);
    await waited;
    clearInterval(timer);
    expect(handler.room).toBe(2);
    expect(handler.stats.dropped).toBe(0);
  });

  it('does not wait for ever for one that gets nothing done, nor again until it does something', async () => {
    const stuck = slowHandler(2);
    const room = new HandlerRoom(new Set([stuck.handler]), 50);
    stuck.fill();
    await room.wait(2);
    const startedAt = performance.now();
    for (let i = 0; i < 100; i++) await room.wait(2);
    // Each of them would have been a wait of its own.
    expect(performance.now() - startedAt).toBeLessThan(100 * 50);
    expect(stuck.handler.room).toBe(0);
  });
});
