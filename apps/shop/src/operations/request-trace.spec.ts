import { describe, expect, it } from '@jest/globals';
import { coveredMs, formatMs, RequestTrace, TraceRecord } from './request-trace.js';

describe('TraceRecord', () => {
  it.each([
    [[], 'bypass', false],
    [['hit', 'hit'], 'hit', false],
    [['hit', 'miss'], 'miss', false],
    [['hit', 'unavailable'], 'bypass', true],
  ] as const)('calls %j a %s', (outcomes, outcome, cacheUnavailable) => {
    const record = new TraceRecord();
    for (const read of outcomes) record.add(read, 1);
    expect(record.summary()).toMatchObject({ outcome, cacheUnavailable, reads: outcomes.length });
  });

  it('counts the hits', () => {
    const record = new TraceRecord();
    record.add('hit', 0.2);
    record.add('miss', 3);
    expect(record.summary()).toMatchObject({ hits: 1, reads: 2 });
  });
});

describe('coveredMs', () => {
  it('counts time in which several reads ran once, and time in which none ran not at all', () => {
    const spans = [
      { fromMs: 10, toMs: 14 },
      { fromMs: 0, toMs: 4 },
      { fromMs: 2, toMs: 6 },
      { fromMs: 11, toMs: 12 },
    ];
    expect(coveredMs(spans)).toBe(10);
    expect(coveredMs([])).toBe(0);
  });
});

describe('RequestTrace', () => {
  it('finds the record of the request that asks', async () => {
    const trace = new RequestTrace();
    const request = async (outcome: 'hit' | 'miss'): Promise<TraceRecord> => {
      const record = new TraceRecord();
      await trace.run(record, async () => {
        await Promise.resolve();
        trace.current?.add(outcome, 1);
      });
      return record;
    };
    const [first, second] = await Promise.all([request('hit'), request('miss')]);
    expect(first.summary().outcome).toBe('hit');
    expect(second.summary().outcome).toBe('miss');
    expect(trace.current).toBeUndefined();
  });
});

describe('formatMs', () => {
  it.each([
    [0.4212, '0.42'],
    [3.14, '3.1'],
    [128.6, '129'],
  ])('writes %d as %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });
});
