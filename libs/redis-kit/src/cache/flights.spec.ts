import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deferred, type Deferred } from '../core/deferred.js';
import { Flights, type Outcome } from './flights.js';

const NO_TAGS: ReadonlySet<string> = new Set();
const WAIT_MS = 5_000;
const FRESHNESS = {
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  softTimeoutMs: Infinity,
  hardTimeoutMs: Infinity,
};
const tagged = (...tags: string[]): ReadonlySet<string> => new Set(tags);

/** Flights whose start is counted and whose end is in the test's hands. */
function setUp() {
  const flights = new Flights(WAIT_MS);
  const started: Deferred<Outcome>[] = [];
  const start = () => {
    const flight = deferred<Outcome>();
    started.push(flight);
    return flight.promise;
  };
  const alone = async () => landedWith('alone');
  const join = (key: string, tags = NO_TAGS, freshness = FRESHNESS) =>
    flights.join(key, { tags, freshness }, start, alone);
  return { flights, started, join };
}

const landedWith = (value: unknown): Outcome => ({ value, source: 'factory' });

/** Whether a promise has settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => (settled = true)).catch(() => undefined);
  await new Promise<void>((resolve) => setImmediate(resolve));
  return settled;
}

describe('calls of one key', () => {
  it('share one flight and its outcome', async () => {
    const { started, join } = setUp();
    const calls = [join('a'), join('a'), join('a')];
    expect(started).toHaveLength(1);
    started[0]!.resolve(landedWith(1));
    expect(await Promise.all(calls)).toEqual([landedWith(1), landedWith(1), landedWith(1)]);
  });

  it('share its error', async () => {
    const { started, join } = setUp();
    const calls = [join('a'), join('a')];
    const failure = new Error('no');
    started[0]!.reject(failure);
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map((one) => one.status === 'rejected' && one.reason === failure)).toEqual([
      true,
      true,
    ]);
  });

  it('start anew once it has landed, well or not', async () => {
    const { started, join } = setUp();
    const first = join('a');
    started[0]!.resolve(landedWith(1));
    await first;
    const second = join('a');
    started[1]!.reject(new Error('no'));
    await expect(second).rejects.toThrow('no');
    void join('a');
    expect(started).toHaveLength(3);
  });

  it('have nothing to do with those of another key', () => {
    const { started, join } = setUp();
    void join('a');
    void join('b');
    expect(started).toHaveLength(2);
  });
});

describe('calls with tags', () => {
  it('join a flight that heeds all of theirs', () => {
    const { started, join } = setUp();
    void join('a', tagged('x', 'y'));
    void join('a', tagged('y'));
    void join('a');
    expect(started).toHaveLength(1);
  });

  it('do not join one that lacks a tag of theirs: its invalidation would not concern it', () => {
    const { started, join } = setUp();
    void join('a', tagged('x'));
    void join('a', tagged('x', 'y'));
    expect(started).toHaveLength(2);
    void join('a', tagged('y'));
    expect(started).toHaveLength(2);
  });
});

describe('calls that allow other staleness, or have other timeouts', () => {
  it.each(Object.keys(FRESHNESS) as (keyof typeof FRESHNESS)[])(
    'do not join, and each are joined by those like them: %s',
    async (option) => {
      const { flights, started, join } = setUp();
      const other = { ...FRESHNESS, [option]: 1 };
      const calls = [
        join('a', tagged('x')),
        join('a', tagged('x'), other),
        join('a', tagged('x'), { ...FRESHNESS }),
        join('a', tagged('x'), { ...other }),
      ];
      expect(started).toHaveLength(2);
      started[0]!.resolve(landedWith('one'));
      expect((await calls[0]!).value).toBe('one');
      // The one that has landed leaves the other in the air.
      calls.push(join('a', NO_TAGS, other));
      expect(started).toHaveLength(2);
      started[1]!.resolve(landedWith('other'));
      expect((await Promise.all(calls)).map(({ value }) => value)).toEqual([
        'one',
        'other',
        'one',
        'other',
        'other',
      ]);
      void join('a', tagged('x'));
      void join('a', tagged('x'), other);
      flights.detachTags(tagged('x'));
      void join('a', tagged('x'));
      void join('a', tagged('x'), other);
      expect(started).toHaveLength(6);
    },
  );
});

describe('callers who share a flight', () => {
  it('each go on in the asynchronous context that is theirs', async () => {
    const { started, join } = setUp();
    const caller = new AsyncLocalStorage<string>();
    const contexts = ['first', 'second', 'third'].map((name) =>
      caller.run(name, async () => {
        await join('a');
        return caller.getStore();
      }),
    );
    expect(started).toHaveLength(1);
    caller.run('stranger', () => started[0]!.resolve(landedWith(1)));
    expect(await Promise.all(contexts)).toEqual(['first', 'second', 'third']);
    expect(caller.getStore()).toBeUndefined();
  });
});

describe('a detached flight', () => {
  it.each([
    ['by its key', (flights: Flights) => flights.detach('a')],
    ['by one of its tags', (flights: Flights) => flights.detachTags(tagged('y', 'z'))],
    ['with all others', (flights: Flights) => flights.detachAll()],
  ])('serves those who wait and is joined by nobody: %s', async (_, detach) => {
    const { flights, started, join } = setUp();
    const before = join('a', tagged('x', 'y'));
    detach(flights);
    const after = join('a', tagged('x', 'y'));
    expect(started).toHaveLength(2);
    started[0]!.resolve(landedWith('old'));
    started[1]!.resolve(landedWith('new'));
    expect(await before).toEqual(landedWith('old'));
    expect(await after).toEqual(landedWith('new'));
  });

  it('does not take the one that followed it with it when it lands', async () => {
    const { flights, started, join } = setUp();
    const before = join('a');
    flights.detach('a');
    void join('a');
    started[0]!.resolve(landedWith('old'));
    await before;
    void join('a');
    expect(started).toHaveLength(2);
  });

  it('leaves flights of other keys and tags alone', () => {
    const { flights, started, join } = setUp();
    void join('a', tagged('x'));
    void join('b');
    flights.detach('b');
    flights.detachTags(tagged('y'));
    void join('a');
    expect(started).toHaveLength(2);
  });
});

describe('an old flight', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is not joined any more: another process may have invalidated the key since', () => {
    const { started, join } = setUp();
    void join('a');
    jest.advanceTimersByTime(999);
    void join('a');
    expect(started).toHaveLength(1);
    jest.advanceTimersByTime(1);
    void join('a');
    expect(started).toHaveLength(2);
  });
});

describe('a flight that a factory joins', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is waited for so long and no longer: it may be waiting for that factory', async () => {
    const { flights, started, join } = setUp();
    const outside = join('a');
    const inside = flights.runFactory('b', () => join('a'));
    await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
    expect(jest.getTimerCount()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(await inside).toEqual(landedWith('alone'));
    started[0]!.resolve(landedWith(1));
    expect(await outside).toEqual(landedWith(1));
    expect(started).toHaveLength(1);
  });

  it('answers it as everybody else when it lands in time, and leaves no timer', async () => {
    const { flights, started, join } = setUp();
    void join('a');
    const inside = flights.runFactory('b', () => join('a'));
    started[0]!.resolve(landedWith(1));
    expect(await inside).toEqual(landedWith(1));
    await jest.advanceTimersByTimeAsync(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('landing', () => {
  it('waits for every flight: joined, failed, detached and overtaken ones', async () => {
    const { flights, started, join } = setUp();
    void join('a');
    flights.detach('a');
    void join('a');
    join('b').catch(() => undefined);
    const landed = flights.landed();
    started[1]!.resolve(landedWith(1));
    started[2]!.reject(new Error('no'));
    expect(await isSettled(landed)).toBe(false);
    started[0]!.resolve(landedWith(1));
    await landed;
  });

  it('is at once with nothing in the air', async () => {
    const { flights, started, join } = setUp();
    expect(await isSettled(flights.landed())).toBe(true);
    const flight = join('a');
    started[0]!.resolve(landedWith(1));
    await flight;
    expect(await isSettled(flights.landed())).toBe(true);
  });
});

describe('within a factory', () => {
  it('its own key is known, and those around it, through everything it awaits', async () => {
    const flights = new Flights(WAIT_MS);
    const seen: Record<string, boolean>[] = [];
    const look = () => {
      seen.push({
        a: flights.isWithin('a'),
        b: flights.isWithin('b'),
        c: flights.isWithin('c'),
      });
    };
    await flights.runFactory('a', async () => {
      await Promise.resolve();
      look();
      await flights.runFactory('b', async () => {
        await new Promise<void>((resolve) => setImmediate(resolve));
        look();
      });
      look();
    });
    look();
    expect(seen).toEqual([
      { a: true, b: false, c: false },
      { a: true, b: true, c: false },
      { a: true, b: false, c: false },
      { a: false, b: false, c: false },
    ]);
  });

  it('is told from the same key of another cache', () => {
    const one = new Flights(WAIT_MS);
    const other = new Flights(WAIT_MS);
    one.runFactory('a', () => {
      expect(one.isWithin('a')).toBe(true);
      expect(other.isWithin('a')).toBe(false);
    });
  });
});
