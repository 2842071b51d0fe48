import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Budget, UNAVAILABLE } from './failsafe/failsafe.js';
import { ServerClock } from './server-clock.js';

const budget = () => new Budget(100);

describe("the estimate of the server's clock", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is asked for once, goes on by the monotonic clock, and is asked for again after a minute', async () => {
    const ask = jest.fn(async () => 1_000_000);
    const clock = new ServerClock(ask);
    expect(await Promise.all([clock.now(budget()), clock.now(budget())])).toEqual([
      1_000_000, 1_000_000,
    ]);
    jest.advanceTimersByTime(60_000);
    jest.setSystemTime(0);
    expect(await clock.now(budget())).toBe(1_060_000);
    expect(ask).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(1);
    ask.mockResolvedValue(5_000_000);
    expect(await clock.now(budget())).toBe(5_000_000);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('takes the answer for the middle of the round trip', async () => {
    const clock = new ServerClock(async () => {
      jest.advanceTimersByTime(40);
      return 1_000_000;
    });
    expect(await clock.now(budget())).toBe(1_000_020);
  });

  it('keeps the old one while the server does not answer, and has none before it ever did', async () => {
    const ask = jest.fn(async (): Promise<number | typeof UNAVAILABLE> => UNAVAILABLE);
    const clock = new ServerClock(ask);
    expect(await clock.now(budget())).toBe(UNAVAILABLE);
    ask.mockResolvedValue(1_000);
    expect(await clock.now(budget())).toBe(1_000);
    ask.mockResolvedValue(UNAVAILABLE);
    jest.advanceTimersByTime(120_000);
    expect(await clock.now(budget())).toBe(121_000);
  });
});
