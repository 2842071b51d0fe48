import { toMs, type Duration } from '../core/duration.js';
import { IsDuration, IsIntegerBetween, IsOneOf, IsText } from '../core/options/constraints.js';
import { Nested } from '../core/options/nested.js';
import {
  RateLimitHttpOptions,
  resolveRateLimitHttpOptions,
  type ResolvedRateLimitHttpOptions,
} from './http/rate-limit-http.options.js';
import type { RateLimitInsurance } from './policy.options.js';

/** Options of the memory of denials. */
export class DenyCacheOptions {
  /**
   * Most trackers whose denial is remembered; 0 remembers none.
   * @default 10000
   */
  @IsIntegerBetween(0, 10_000_000)
  maxEntries?: number | undefined;

  /**
   * Longest time a denial is answered from memory. So long may it take until this process hears that another one gave
   * back, unblocked or reset what it remembers.
   * @default '1s'
   */
  @IsDuration({ min: 0, max: '1h' })
  maxAge?: Duration | undefined;
}

/** Options of `rateLimit` in `forRoot()`. */
export class RateLimitOptions {
  /**
   * Named connection the limits live on.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * Most time Redis may take of one call, all trackers together. After it the insurance decides.
   * @default '100ms'
   */
  @IsDuration({ min: 1, max: '1m' })
  deadline?: Duration | undefined;

  /**
   * What happens to requests while Redis is away, for policies that do not say.
   * @default 'local'
   */
  @IsOneOf(['local', 'open', 'closed'])
  onFailure?: RateLimitInsurance | undefined;

  /**
   * Number of processes that share the traffic. While Redis is away each allows its part of every limit, at least 1.
   * @default 1
   */
  @IsIntegerBetween(1, 100_000)
  instances?: number | undefined;

  /**
   * Most trackers the insurance keeps in memory; the least recently used one goes first.
   * @default 10000
   */
  @IsIntegerBetween(1, 10_000_000)
  insuredKeys?: number | undefined;

  /** Remembers denials, so that who goes on knocking costs Redis nothing. */
  @Nested(() => DenyCacheOptions)
  denyCache?: DenyCacheOptions | undefined;

  /** How calls of handlers are limited, by `@RateLimit()` and `RateLimitGuard`. */
  @Nested(() => RateLimitHttpOptions)
  http?: RateLimitHttpOptions | undefined;
}

export interface ResolvedRateLimitOptions {
  readonly connection: string;
  readonly deadlineMs: number;
  readonly onFailure: RateLimitInsurance;
  readonly instances: number;
  readonly insuredKeys: number;
  readonly denyCache: { readonly maxEntries: number; readonly maxAgeMs: number };
  readonly http: ResolvedRateLimitHttpOptions;
}

export function resolveRateLimitOptions(options: RateLimitOptions): ResolvedRateLimitOptions {
  return {
    connection: options.connection ?? 'default',
    deadlineMs: toMs(options.deadline ?? '100ms'),
    onFailure: options.onFailure ?? 'local',
    instances: options.instances ?? 1,
    insuredKeys: options.insuredKeys ?? 10_000,
    denyCache: {
      maxEntries: options.denyCache?.maxEntries ?? 10_000,
      maxAgeMs: toMs(options.denyCache?.maxAge ?? '1s'),
    },
    http: resolveRateLimitHttpOptions(options.http ?? {}),
  };
}
