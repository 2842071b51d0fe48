import '../core/events.js';
import type { RateLimitSource } from './decision.js';

declare module '../core/events.js' {
  interface RedisKitEventMap {
    /** A request was allowed and counted. `policies`: names. */
    'rate-limit.allowed': {
      policies: readonly string[];
      source: RateLimitSource;
      durationMs: number;
    };
    /** A request was denied; `denied`: by these policies. */
    'rate-limit.denied': {
      policies: readonly string[];
      denied: readonly string[];
      source: RateLimitSource;
      retryAfterMs: number;
      durationMs: number;
    };
    /** Redis did not do its part, and a call went on without it. */
    'rate-limit.degraded': { operation: string; policies: readonly string[]; message: string };
  }
}
