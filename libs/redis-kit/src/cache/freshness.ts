/** What a call asks of the freshness of a value, in milliseconds. */
export interface Freshness {
  readonly ttlMs: number;
  /** undefined: as other values. */
  readonly nullTtlMs: number | undefined;
  /** 0: errors are not stored. */
  readonly errorTtlMs: number;
  readonly jitter: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly shouldServeStale: (error: unknown) => boolean;
  readonly softTimeoutMs: number;
  readonly hardTimeoutMs: number;
  /** Asks Redis, whatever is known in this process. */
  readonly isStrict: boolean;
  /** Factor of XFetch; 0: never early. */
  readonly earlyRefresh: number;
}

/** How long a value stays in the store after it has become stale. */
export const staleForMs = ({ staleWhileRevalidateMs, staleIfErrorMs }: Freshness): number =>
  Math.max(staleWhileRevalidateMs, staleIfErrorMs);

/** Whether the moment a value becomes stale has to be known; else its expiry in the store is all there is. */
export const isTimed = (freshness: Freshness): boolean =>
  staleForMs(freshness) > 0 || freshness.earlyRefresh > 0;

/** The time to live of a value, before jitter. */
export const ttlFor = ({ ttlMs, nullTtlMs }: Freshness, value: unknown): number =>
  value === null || value === undefined ? (nullTtlMs ?? ttlMs) : ttlMs;

/** A time to live, shortened by a random part of up to `jitter`. */
export const jittered = (ttlMs: number, jitter: number, random = Math.random): number =>
  Math.max(1, Math.round(ttlMs * (1 - jitter * random())));

/**
 * How long before its end to make a fresh value anew: XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache
 * Stampede Prevention, VLDB 2015). Each reader decides by itself, with a chance that grows as the end comes near.
 */
export function drawEarlyMs(madeInMs: number, beta: number, random = Math.random): number {
  // 1 - random() is never 0, which has no logarithm.
  return beta === 0 ? -Infinity : -madeInMs * beta * Math.log(1 - random());
}

/** Whether this reader is to make a fresh value anew already. */
export const isDueEarly = (
  madeInMs: number,
  remainingMs: number,
  beta: number,
  random = Math.random,
): boolean => drawEarlyMs(madeInMs, beta, random) >= remainingMs;
