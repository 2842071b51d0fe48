import { setImmediate as turn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { deferred } from '../core/deferred.js';
import { RedisKitEvents } from '../core/events.js';
import { Acquirer } from './acquirer.js';
import { resolveLocksOptions, resolveTerms } from './lock.options.js';
import { LockProcess } from './lock-process.js';
import { MemoryMutexStore } from './stores/memory-mutex.store.js';
import type { AcquireAnswer, AcquireRequest } from './stores/hold-store.js';

/** Its replies to `acquire` take longer than its messages. */
class LateStore extends MemoryMutexStore {
  readonly replies = deferred<void>();
  readonly released: string[] = [];

  override async take(): Promise<undefined> {
    return undefined;
  }

  override async acquire(name: string, request: AcquireRequest): Promise<AcquireAnswer> {
    const answer = await super.acquire(name, request);
    await this.replies.promise;
    return answer;
  }

  override async release(name: string, id: string): Promise<boolean> {
    this.released.push(id);
    return super.release(name, id);
  }
}

const options = resolveLocksOptions({ wait: '1m' });
const terms = resolveTerms({}, options);
let store: LateStore;
let process: LockProcess;

beforeEach(() => {
  store = new LateStore();
  process = new LockProcess(options, new RedisKitEvents(), (own) => store.connect(own));
});

describe('an acquirer', () => {
  it('keeps what a message granted, also when the reply to its request comes after it', async () => {
    const other = { id: 'other~0~0', leaseMs: 60_000, waits: false, ticket: undefined };
    void store.acquire('a', other);
    const acquiring = new Acquirer(store, process).acquire('a', terms);
    // It is in the queue, and has not heard of it.
    await turn();
    await store.release('a', other.id);
    const holding = await acquiring;
    store.replies.resolve();
    await turn();
    expect(store.released).toEqual([other.id]);
    expect(process.watchdog.size).toBe(1);
    holding.check();
    await process.close(0);
  });
});

describe('what was given up', () => {
  const grant = (id: string) => process.granted({ id, fence: 1, claimMs: 3_000 });

  it('is given back once for each grant, as long as it is remembered', () => {
    const givenBack: number[] = [];
    for (let at = 0; at <= 10_000; at++) process.gaveUp(`id-${at}`, () => givenBack.push(at));
    for (const id of ['id-0', 'id-1', 'id-1', 'id-10000', 'other']) grant(id);
    expect(givenBack).toEqual([1, 10_000]);
  });

  it('is nothing any more when the process has ended', async () => {
    const givenBack: string[] = [];
    process.gaveUp('id', () => givenBack.push('id'));
    await process.close(0);
    grant('id');
    expect(givenBack).toEqual([]);
  });
});
