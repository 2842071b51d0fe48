import { toMs } from '../core/duration.js';
import { validateOptions } from '../core/options/validate-options.js';
import { ConfigurationError, type ConfigurationIssue } from '../core/redis-kit.error.js';
import { windowOf, type Window } from '../core/time-window.js';
import {
  RateLimitPolicy,
  type RateLimitAlgorithm,
  type RateLimitBlockOptions,
  type RateLimitInsurance,
} from './policy.options.js';

/** Up to this limit a sliding window knows the time of each unit; above it, counts in intervals, of constant size. */
const LARGEST_LOG = 1_000;
/** Intervals of a large sliding window: under constant pressure it allows one part in this many less than its limit. */
const INTERVALS = 60;
/** Beyond a hundred years of debt the server's microseconds are no longer exact numbers. */
const LONGEST_DEBT_US = 100 * 365 * 86_400_000_000;

/** How it is kept in Redis; one letter, part of the key, so that a change of the algorithm never meets old data. */
export type LimitKind = 'T' | 'S' | 'B' | 'F' | 'Q' | 'C';

/** A policy with everything decided. */
export interface Limit {
  readonly name: string;
  readonly kind: LimitKind;
  readonly limit: number;
  /** The most that one request may cost. */
  readonly most: number;
  /** 0 for what has no window, and for a calendar's. */
  readonly windowMs: number;
  /** Microseconds: of one unit (`T`), the window (`S`, `F`), an interval (`B`), the lease (`C`). */
  readonly a: number;
  /** Microseconds of all units (`T`), number of intervals (`B`). */
  readonly b: number;
  /** The days or months of a quota. */
  readonly calendar: Window | undefined;
  readonly countDenied: boolean;
  readonly onFailure: RateLimitInsurance | undefined;
  readonly block: LimitBlock | undefined;
}

export interface LimitBlock {
  readonly forMs: number;
  readonly factor: number;
  readonly maxMs: number;
  readonly forgetAfterMs: number;
}

type CalendarUnit = 'day' | 'month';

const resolved = new WeakMap<RateLimitPolicy, Limit>();

/**
 * Checks a policy and decides what it leaves open. An object is looked at once, however often it is used.
 *
 * @throws ConfigurationError
 */
export function limitOf(policy: RateLimitPolicy, path = 'policy'): Limit {
  const known = resolved.get(policy);
  if (known) return known;
  const options = validateOptions(RateLimitPolicy, policy, path);
  const limit = resolve(options, path);
  resolved.set(policy, limit);
  return limit;
}

const resolvedLists = new WeakMap<readonly RateLimitPolicy[], readonly Limit[]>();

/**
 * The limits of a list of policies: the same list each time, as long as it holds the same policies.
 *
 * @throws ConfigurationError
 */
export function limitsOf(policies: readonly RateLimitPolicy[]): readonly Limit[] {
  const known = resolvedLists.get(policies);
  if (known && isOf(known, policies)) return known;
  const limits = policies.map((policy, at) => limitOf(policy, `policies[${at}]`));
  resolvedLists.set(policies, limits);
  return limits;
}

function isOf(limits: readonly Limit[], policies: readonly RateLimitPolicy[]): boolean {
  if (limits.length !== policies.length) return false;
  for (let at = 0; at < limits.length; at++) {
    if (resolved.get(policies[at]!) !== limits[at]) return false;
  }
  return true;
}

function resolve(options: RateLimitPolicy, path: string): Limit {
  const { per } = options;
  const unit = per === 'day' || per === 'month' ? per : undefined;
  const algorithm = options.algorithm ?? (unit ? 'quota' : 'token-bucket');
  const issues = contradictions(options, algorithm, unit, path);
  if (issues.length > 0) throw new ConfigurationError(issues);
  const { limit } = options;
  const windowMs = per === undefined || unit ? 0 : toMs(per as Exclude<typeof per, CalendarUnit>);
  const common = {
    name: options.name,
    limit,
    most: limit,
    windowMs,
    a: windowMs * 1_000,
    b: 0,
    calendar: undefined,
    countDenied: options.countDenied ?? false,
    onFailure: options.onFailure,
    block: options.block && resolveBlock(options.block),
  };
  switch (algorithm) {
    case 'token-bucket':
      return tokenBucket(common, options.burst ?? Math.max(1, limit), path);
    case 'sliding-window': {
      if (limit <= LARGEST_LOG) return { ...common, kind: 'S' };
      return { ...common, kind: 'B', a: Math.ceil((windowMs * 1_000) / INTERVALS), b: INTERVALS };
    }
    case 'fixed-window':
      return { ...common, kind: 'F' };
    case 'quota':
      return {
        ...common,
        kind: 'Q',
        calendar: windowOf(unit!, options.timeZone),
      };
    case 'concurrency': {
      const leaseUs = toMs(options.lease ?? '1m') * 1_000;
      return { ...common, kind: 'C', a: leaseUs, countDenied: false };
    }
  }
}

/** One unit comes back in whole microseconds, rounded up: the rate is never more than was asked for. */
function tokenBucket(common: Omit<Limit, 'kind'>, burst: number, path: string): Limit {
  if (common.limit === 0) return { ...common, kind: 'T', a: 1, b: 0, most: 0 };
  const a = Math.ceil(common.a / common.limit);
  if (common.limit > common.a || a * burst > LONGEST_DEBT_US) {
    throw new ConfigurationError([
      {
        path,
        given: `${common.limit} per ${common.windowMs} ms with a burst of ${burst}`,
        expected:
          'at most one per microsecond, and a burst that comes back within a hundred years at this rate',
      },
    ]);
  }
  return { ...common, kind: 'T', a, b: a * burst, most: burst };
}

function contradictions(
  options: RateLimitPolicy,
  algorithm: RateLimitAlgorithm,
  unit: CalendarUnit | undefined,
  path: string,
): ConfigurationIssue[] {
  const issues: ConfigurationIssue[] = [];
  const refuse = (name: keyof RateLimitPolicy, expected: string) =>
    issues.push({ path: `${path}.${name}`, given: String(options[name]), expected });
  const onlyFor = (name: keyof RateLimitPolicy, owner: RateLimitAlgorithm) => {
    if (options[name] !== undefined && algorithm !== owner) {
      refuse(name, `nothing: algorithm '${algorithm}' has none, only '${owner}' has`);
    }
  };
  onlyFor('burst', 'token-bucket');
  onlyFor('lease', 'concurrency');
  onlyFor('timeZone', 'quota');
  if (algorithm === 'quota' && !unit) refuse('per', "'day' or 'month', for a quota");
  else if (algorithm === 'concurrency' && options.per !== undefined) {
    refuse('per', "nothing: algorithm 'concurrency' has no window; see `lease`");
  } else if (algorithm !== 'quota' && unit) {
    refuse('per', `a duration, for algorithm '${algorithm}'`);
  } else if (algorithm !== 'concurrency' && options.per === undefined) {
    refuse('per', `a duration such as '1m', or for a quota 'day' or 'month'`);
  }
  return issues;
}

function resolveBlock(options: RateLimitBlockOptions): LimitBlock {
  const forMs = toMs(options.for);
  const maxMs = Math.max(forMs, toMs(options.max ?? '1d'));
  return {
    forMs,
    factor: options.factor ?? 1,
    maxMs,
    forgetAfterMs: toMs(options.forgetAfter ?? (options.factor === undefined ? 0 : maxMs)),
  };
}
