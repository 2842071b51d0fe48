import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deferred, type Deferred } from '../deferred.js';
import { CircuitBreaker } from './circuit-breaker.js';

const INTERVAL_MS = 250;

/** A circuit that opens after three failures, with everything it did. */
function circuit() {
  const probes: Deferred<void>[] = [];
  const log: string[] = [];
  const breaker = new CircuitBreaker({
    failureThreshold: 3,
    probeIntervalMs: INTERVAL_MS,
    probe: () => {
      const probe = deferred<void>();
      probes.push(probe);
      return probe.promise;
    },
    onOpen: (reason) => log.push(`open: ${String(reason)}`),
    onClose: (openMs) => log.push(`closed after ${openMs} ms`),
  });
  const fail = (times: number) => {
    for (let i = 1; i <= times; i++) breaker.failed(`failure ${i}`);
  };
  return { breaker, probes, log, fail };
}

const nextProbe = () => jest.advanceTimersByTimeAsync(INTERVAL_MS);

/** Lets what was promised happen, without letting time pass. */
const settled = () => jest.advanceTimersByTimeAsync(0);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('a circuit', () => {
  it('opens at the last of so many failures in a row, and says why', () => {
    const { breaker, log, fail } = circuit();
    fail(2);
    expect(breaker.isOpen).toBe(false);
    fail(1);
    expect(breaker.isOpen).toBe(true);
    expect(log).toEqual(['open: failure 1']);
  });

  it('stays closed when a success lies between the failures', () => {
    const { breaker, fail } = circuit();
    for (let i = 0; i < 10; i++) {
      fail(2);
      breaker.succeeded();
    }
    expect(breaker.isOpen).toBe(false);
  });

  it('opens once, however many calls were on their way', () => {
    const { log, fail } = circuit();
    fail(50);
    expect(log).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(1);
  });

  it('is not closed by a call that was on its way when it opened', () => {
    const { breaker, fail } = circuit();
    fail(3);
    breaker.succeeded();
    expect(breaker.isOpen).toBe(true);
  });
});

describe('an open circuit', () => {
  it('is closed by the first probe that is answered, and tells how long it was open', async () => {
    const { breaker, probes, log, fail } = circuit();
    fail(3);
    expect(probes).toHaveLength(0);
    await nextProbe();
    expect(probes).toHaveLength(1);
    expect(breaker.isOpen).toBe(true);
    probes[0]!.resolve();
    await settled();
    expect(breaker.isOpen).toBe(false);
    expect(log.at(-1)).toBe(`closed after ${INTERVAL_MS} ms`);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('probes on, one at a time, while there is no answer', async () => {
    const { breaker, probes, fail } = circuit();
    fail(3);
    await nextProbe();
    await nextProbe();
    expect(probes).toHaveLength(1);
    probes[0]!.reject(new Error('still away'));
    await settled();
    await nextProbe();
    expect(probes).toHaveLength(2);
    expect(breaker.isOpen).toBe(true);
  });

  it('goes on when a probe throws instead of rejecting', async () => {
    let attempts = 0;
    const breaker = new CircuitBreaker({
      failureThreshold: 1,
      probeIntervalMs: INTERVAL_MS,
      probe: () => {
        attempts += 1;
        if (attempts === 1) throw new Error('closed');
        return Promise.resolve();
      },
    });
    breaker.failed('reason');
    await nextProbe();
    expect(breaker.isOpen).toBe(true);
    await nextProbe();
    expect(breaker.isOpen).toBe(false);
  });

  it('needs as many failures again after it was closed', async () => {
    const { breaker, probes, fail } = circuit();
    fail(3);
    await nextProbe();
    probes[0]!.resolve();
    await settled();
    fail(2);
    expect(breaker.isOpen).toBe(false);
    fail(1);
    expect(breaker.isOpen).toBe(true);
  });

  it('keeps no process alive by its timer', () => {
    const { fail } = circuit();
    const setTimer = jest.spyOn(globalThis, 'setTimeout');
    fail(3);
    const [timer] = setTimer.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(timer?.hasRef()).toBe(false);
    setTimer.mockRestore();
  });
});

describe('a reset', () => {
  it('closes at once and ends the probing', async () => {
    const { breaker, probes, log, fail } = circuit();
    fail(3);
    breaker.reset();
    expect(breaker.isOpen).toBe(false);
    expect(log).toHaveLength(2);
    await nextProbe();
    expect(probes).toHaveLength(0);
  });

  it('of a closed circuit forgets its failures and tells nobody', () => {
    const { breaker, log, fail } = circuit();
    fail(2);
    breaker.reset();
    fail(2);
    expect(breaker.isOpen).toBe(false);
    expect(log).toEqual([]);
  });

  it('makes nothing of a probe that was on its way', async () => {
    const { breaker, probes, log, fail } = circuit();
    fail(3);
    await nextProbe();
    breaker.reset();
    probes[0]!.reject(new Error('still away'));
    await settled();
    expect(jest.getTimerCount()).toBe(0);

    fail(3);
    await nextProbe();
    breaker.reset();
    fail(3);
    probes[1]!.resolve();
    await settled();
    expect(breaker.isOpen).toBe(true);
    expect(jest.getTimerCount()).toBe(1);
    expect(log.filter((line) => line.startsWith('open'))).toHaveLength(3);
  });
});

describe('a disposed circuit', () => {
  it.each(['before it opened', 'while it is open', 'while a probe is on its way'])(
    'has no timer and never opens or closes again: %s',
    async (when) => {
      const { breaker, probes, log, fail } = circuit();
      if (when !== 'before it opened') fail(3);
      if (when === 'while a probe is on its way') await nextProbe();
      const told = log.length;
      breaker.dispose();
      const wasOpen = breaker.isOpen;
      probes[0]?.resolve();
      await settled();
      fail(10);
      expect(breaker.isOpen).toBe(wasOpen);
      expect(jest.getTimerCount()).toBe(0);
      expect(log).toHaveLength(told);
    },
  );

  it('starts no further probe after one that failed', async () => {
    const { breaker, probes, fail } = circuit();
    fail(3);
    await nextProbe();
    breaker.dispose();
    probes[0]!.reject(new Error('still away'));
    await settled();
    expect(jest.getTimerCount()).toBe(0);
  });
});
