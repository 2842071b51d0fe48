import { parseDuration, toMs, type Duration } from '../core/duration.js';
import { IsDuration, IsText } from '../core/options/constraints.js';
import { ConfigurationError, type ConfigurationIssue } from '../core/redis-kit.error.js';

const SHORTEST_LEASE = '100ms';
const LONGEST_LEASE = '7d';
const LONGEST_WAIT = '1d';

/** Options of locks, semaphores and elections: `forRoot({ locks })`. */
export class LocksOptions {
  /**
   * Named connection.
   * @default 'default'
   */
  @IsText()
  connection?: string | undefined;

  /**
   * How long a lock is held without a sign of life of its holder. It is renewed at a third of it, so this is how long
   * others wait when a process dies.
   * @default '30s'
   */
  @IsDuration({ min: SHORTEST_LEASE, max: LONGEST_LEASE })
  lease?: Duration | undefined;

  /**
   * Longest wait for a lock; `0` does not wait.
   * @default '10s'
   */
  @IsDuration({ min: 0, max: LONGEST_WAIT })
  wait?: Duration | undefined;

  /**
   * Longest time a lock is renewed for; a job that hangs then loses it.
   * @default none
   */
  @IsDuration({ min: SHORTEST_LEASE, max: LONGEST_LEASE })
  maxHold?: Duration | undefined;

  /**
   * How often a process that waits says so. A lost message costs a waiter this much; a process counts as dead after three.
   * @default '1s'
   */
  @IsDuration({ min: '50ms', max: '1m' })
  heartbeat?: Duration | undefined;

  /**
   * How long a waiter has, once it was granted, to take over; more than two heartbeats.
   * @default '3s'
   */
  @IsDuration({ min: '101ms', max: '5m' })
  claim?: Duration | undefined;

  /**
   * Longest wait for replicas when `minReplicas` is asked for.
   * @default '1s'
   */
  @IsDuration({ min: 1, max: '1m' })
  replication?: Duration | undefined;
}

export interface ResolvedLocksOptions {
  readonly connection: string;
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly maxHoldMs: number;
  readonly heartbeatMs: number;
  readonly claimMs: number;
  readonly replicationMs: number;
}

export function resolveLocksOptions(options: LocksOptions): ResolvedLocksOptions {
  return {
    connection: options.connection ?? 'default',
    leaseMs: toMs(options.lease ?? '30s'),
    waitMs: toMs(options.wait ?? '10s'),
    maxHoldMs: options.maxHold === undefined ? Infinity : toMs(options.maxHold),
    heartbeatMs: toMs(options.heartbeat ?? '1s'),
    claimMs: toMs(options.claim ?? '3s'),
    replicationMs: toMs(options.replication ?? '1s'),
  };
}

/** What single options cannot tell: those that only make sense together. */
export function locksIssues(
  options: LocksOptions,
  path: string,
  connectionNames: readonly string[],
): ConfigurationIssue[] {
  const { connection, heartbeatMs, claimMs, maxHoldMs, leaseMs } = resolveLocksOptions(options);
  const issues: ConfigurationIssue[] = [];
  if (!connectionNames.includes(connection)) {
    issues.push({
      path: `${path}.connection`,
      given: JSON.stringify(connection),
      expected: `one of ${[...new Set(connectionNames)].join(', ')}`,
    });
  }
  if (claimMs <= 2 * heartbeatMs) {
    issues.push({
      path: `${path}.claim`,
      given: `${claimMs} ms`,
      expected: `more than two heartbeats (${2 * heartbeatMs} ms), so that a waiter whose message is lost still gets its turn`,
    });
  }
  if (maxHoldMs < leaseMs) {
    issues.push({
      path: `${path}.maxHold`,
      given: `${maxHoldMs} ms`,
      expected: `at least the lease (${leaseMs} ms)`,
    });
  }
  return issues;
}

/** Options of one acquisition; each stands in for what `forRoot({ locks })` says. */
export interface LockCallOptions {
  /** How long it is held without a sign of life. @default `locks.lease` */
  readonly lease?: Duration | undefined;
  /** Longest wait; `0` does not wait. @default `locks.wait` */
  readonly wait?: Duration | undefined;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time it is renewed for. @default `locks.maxHold` */
  readonly maxHold?: Duration | undefined;
  /** Whether the lease is renewed as long as it is held; `false`: it ends by itself. @default true */
  readonly renew?: boolean | undefined;
}

/** Options of one acquisition of a lock. */
export interface LockOptions extends LockCallOptions {
  /**
   * For how long nobody else is granted a lock that was not given back but ran out, so that what its holder had already
   * sent arrives first. For what cannot check a fence. @default 0
   */
  readonly lockDelay?: Duration | undefined;
  /** So many replicas must have confirmed it, within `locks.replication`. @default 0 */
  readonly minReplicas?: number | undefined;
  /** A lock of the same name that the caller holds: the result is another handle on it, instead of a wait for itself. */
  readonly within?: SharedLock | undefined;
}

/** A lock that can be handed on. */
export interface SharedLock {
  readonly name: string;
}

export interface AcquireTerms {
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  readonly maxHoldMs: number;
  readonly renew: boolean;
}

/**
 * Options of one call over those of the application.
 *
 * @throws ConfigurationError naming the option, the value and the accepted range.
 */
export function resolveTerms(
  options: LockCallOptions,
  defaults: ResolvedLocksOptions,
): AcquireTerms {
  const { lease, wait, maxHold, signal, renew = true } = options;
  const isSignal = signal === undefined || typeof signal.addEventListener === 'function';
  if (!isSignal) throw refusal('signal', signal, 'an AbortSignal');
  if (typeof renew !== 'boolean') throw refusal('renew', renew, 'true or false');
  const leaseMs =
    lease === undefined ? defaults.leaseMs : within('lease', lease, SHORTEST_LEASE, LONGEST_LEASE);
  return {
    leaseMs,
    waitMs: wait === undefined ? defaults.waitMs : within('wait', wait, 0, LONGEST_WAIT),
    maxHoldMs:
      maxHold === undefined ? defaults.maxHoldMs : within('maxHold', maxHold, 1, LONGEST_LEASE),
    signal,
    renew,
  };
}

/** Milliseconds of an option of a call, between bounds that are included. */
export function within(option: string, value: unknown, min: Duration, max: Duration): number {
  const ms = parseDuration(value);
  if (ms !== undefined && ms >= toMs(min) && ms <= toMs(max)) return ms;
  const range = `of at least ${min} and at most ${max}`;
  throw refusal(option, value, `a duration (milliseconds, or text such as '30s' or '5m') ${range}`);
}

const MOST_REPLICAS = 100;

/** @throws ConfigurationError */
export function resolveLockOptions({ lockDelay, minReplicas = 0 }: LockOptions): {
  delayMs: number;
  minReplicas: number;
} {
  const delayMs = lockDelay === undefined ? 0 : within('lockDelay', lockDelay, 0, '1d');
  if (!Number.isInteger(minReplicas) || minReplicas < 0 || minReplicas > MOST_REPLICAS) {
    throw refusal('minReplicas', minReplicas, `a whole number from 0 to ${MOST_REPLICAS}`);
  }
  return { delayMs, minReplicas };
}

const isName = (name: unknown): boolean => typeof name === 'string' && name !== '';

/** @throws ConfigurationError when it is not a name, or not a list of them. */
export function checkNames(names: unknown): void {
  if (isName(names)) return;
  if (Array.isArray(names) && names.length > 0 && names.every(isName)) return;
  throw refusal('name', names, 'text that is not empty, or a list of such');
}

const refusal = (path: string, value: unknown, expected: string): ConfigurationError =>
  new ConfigurationError([
    { path, given: typeof value === 'object' ? 'an object' : String(value), expected },
  ]);
