import { describe, expect, it } from '@jest/globals';
import { DenyCache } from './deny-cache.js';
import { Insurance } from './insurance.js';
import { limitOf } from './limit.js';
import type { BucketAnswer, BucketRequest } from './stores/bucket-store.js';

const limits = [limitOf({ name: 'p', limit: 1, per: '1000d' })];
const requestOf = (tracker: string): BucketRequest => ({
  tracker,
  limits,
  cost: 1,
  counts: true,
  holder: '',
});

describe('however many clients there are, a process remembers', () => {
  it('no more denials than it was told, and forgets the oldest', () => {
    const denials = new DenyCache(2, 60_000);
    const denied: BucketAnswer = {
      allowed: false,
      results: [
        {
          allowed: false,
          remaining: 0,
          retryAfterMs: 60_000,
          resetMs: 60_000,
          blocked: false,
          mark: undefined,
        },
      ],
    };
    for (const tracker of ['a', 'b', 'c']) {
      denials.remember(requestOf(tracker), denied, performance.now(), denials.moment);
    }
    const known = ['a', 'b', 'c'].map((tracker) => denials.find(requestOf(tracker))?.allowed);
    expect(known).toEqual([undefined, false, false]);
  });

  it('no more insured trackers than it was told, and forgets the one not seen for longest', () => {
    const insurance = new Insurance({ onFailure: 'local', instances: 1, insuredKeys: 100 });
    const passes = (tracker: string): boolean => insurance.decide(requestOf(tracker)).allowed;
    expect([passes('a'), passes('a')]).toEqual([true, false]);
    for (let at = 0; at < 99; at++) passes(`other ${at}`);
    expect(passes('a')).toBe(false);
    for (let at = 0; at < 100; at++) passes(`another ${at}`);
    expect(passes('a')).toBe(true);
  });
});
