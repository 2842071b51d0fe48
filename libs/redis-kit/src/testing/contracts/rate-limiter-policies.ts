import { randomUUID } from 'node:crypto';
import type { RateLimitPolicy } from '../../rate-limit/policy.options.js';

/** One policy of each kind, all of which allow five at once and nothing more for an hour. */
export const FIVE: Record<string, RateLimitPolicy> = {
  'token-bucket': { name: 'five', limit: 5, per: '10h' },
  'sliding-window': { name: 'five', limit: 5, per: '1h', algorithm: 'sliding-window' },
  'fixed-window': { name: 'five', limit: 5, per: '1h', algorithm: 'fixed-window' },
  quota: { name: 'five', limit: 5, per: 'month', timeZone: 'Pacific/Auckland' },
  concurrency: { name: 'five', limit: 5, algorithm: 'concurrency', lease: '1h' },
};

/** Those of them that count requests, not what is in progress. */
export const WINDOWS = Object.entries(FIVE).filter(([algorithm]) => algorithm !== 'concurrency');

/** A tracker nobody else has. */
export const someKey = (): string => `contract:${randomUUID()}`;
