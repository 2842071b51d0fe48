import { describe, expect, it } from '@jest/globals';
import { CounterHistory, type CountSample } from './counter-history.js';

const OLD = { uptimeMs: 86_400_000 };
const sample = (atMs: number, hits: number, more: Partial<CountSample> = {}): CountSample => ({
  atMs,
  hits,
  misses: 0,
  evicted: 0,
  runId: 'a',
  ...OLD,
  uptimeMs: OLD.uptimeMs + atMs,
  ...more,
});

describe('the history of counts', () => {
  it('compares to the oldest look within the window', () => {
    const history = new CounterHistory();
    for (const [at, hits] of [
      [0, 100],
      [10_000, 200],
      [20_000, 300],
    ] as const) {
      history.record('n', sample(at, hits));
    }
    const now = sample(30_000, 350);
    expect(history.between('n', 60_000, now)).toMatchObject({ hits: 250, windowMs: 30_000 });
    expect(history.between('n', 15_000, now)).toMatchObject({ hits: 50, windowMs: 10_000 });
    expect(history.between('n', 5_000, now)).toBeUndefined();
    expect(history.between('other', 60_000, now)).toBeUndefined();
  });

  it('has nothing to compare the first look at an old server to', () => {
    expect(new CounterHistory().between('n', 60_000, sample(0, 5_000_000))).toBeUndefined();
  });

  it('knows that a young server counted everything within the window', () => {
    const young = sample(0, 7, { uptimeMs: 2_000 });
    expect(new CounterHistory().between('n', 60_000, young)).toMatchObject({
      hits: 7,
      windowMs: 2_000,
    });
  });

  it.each([
    ['another life of the server', sample(20_000, 150, { runId: 'b' })],
    ['counts that went back, as after CONFIG RESETSTAT', sample(20_000, 10)],
  ])('does not compare to %s', (_, now) => {
    const history = new CounterHistory();
    history.record('n', sample(0, 100));
    expect(history.between('n', 60_000, now)).toBeUndefined();
    history.record('n', now);
    const later = { ...now, atMs: 40_000, hits: now.hits + 1 };
    expect(history.between('n', 60_000, later)).toMatchObject({ hits: 1, windowMs: 20_000 });
  });

  it('keeps a bounded number of samples, whoever asks how often', () => {
    const history = new CounterHistory();
    for (let at = 0; at < 10_000; at++) history.record('n', sample(at * 100, at));
    // One per second is kept, 600 of them; the window reaches no further back than these.
    const now = sample(1_000_000, 10_000);
    const { windowMs } = history.between('n', 3_600_000, now)!;
    expect(windowMs).toBeLessThanOrEqual(601_000);
    expect(windowMs).toBeGreaterThan(590_000);
  });
});
