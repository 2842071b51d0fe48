import '../cache/cache.events.js';
import '../counters/counters.events.js';
import '../lock/lock.events.js';
import '../rate-limit/http/rate-limit-http.events.js';
import '../rate-limit/rate-limit.events.js';
import type { RedisKitEvent, RedisKitEventMap } from '../core/events.js';

/** What one event adds to a metric: under these labels, this much. */
export interface Addition {
  readonly labels: readonly string[];
  readonly value: number;
}

/** One line of the table: an event, and what of it is counted or timed. */
export interface EventMetric {
  readonly event: RedisKitEvent;
  /** After `rediskit_`. Lines with the same name are one metric. */
  readonly name: string;
  readonly type: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly additions: (payload: never) => readonly Addition[];
}

type Payload<E extends RedisKitEvent> = RedisKitEventMap[E];
type Labels = string | readonly string[];

/** A metric whose samples differ by these labels. The functions below make lines of it. */
class Metric {
  constructor(
    private readonly name: string,
    private readonly help: string,
    private readonly labelNames: readonly string[] = [],
  ) {}

  /** Counts the event, or what `amount` says, under the labels in the order of their names. */
  count<E extends RedisKitEvent>(
    event: E,
    labels: (payload: Payload<E>) => Labels = () => [],
    amount: (payload: Payload<E>) => number = () => 1,
  ): EventMetric {
    return this.#line('counter', event, (payload: Payload<E>) => [
      { labels: list(labels(payload)), value: amount(payload) },
    ]);
  }

  /** Counts the event once for each list of labels. */
  countEach<E extends RedisKitEvent>(
    event: E,
    labels: (payload: Payload<E>) => readonly Labels[],
  ): EventMetric {
    return this.#line('counter', event, (payload: Payload<E>) =>
      labels(payload).map((each) => ({ labels: list(each), value: 1 })),
    );
  }

  /** Observes a time. */
  time<E extends RedisKitEvent>(
    event: E,
    ms: (payload: Payload<E>) => number,
    labels: (payload: Payload<E>) => Labels = () => [],
  ): EventMetric {
    return this.#line('histogram', event, (payload: Payload<E>) => [
      { labels: list(labels(payload)), value: ms(payload) / 1_000 },
    ]);
  }

  /** Sets a value. */
  set<E extends RedisKitEvent>(
    event: E,
    value: (payload: Payload<E>) => number,
    labels: (payload: Payload<E>) => Labels = () => [],
  ): EventMetric {
    return this.#line('gauge', event, (payload: Payload<E>) => [
      { labels: list(labels(payload)), value: value(payload) },
    ]);
  }

  #line(
    type: EventMetric['type'],
    event: RedisKitEvent,
    additions: EventMetric['additions'],
  ): EventMetric {
    const { name, help, labelNames } = this;
    return { event, name, type, help, labelNames, additions };
  }
}

const list = (labels: Labels): readonly string[] =>
  typeof labels === 'string' ? [labels] : labels;

const cacheHits = new Metric('cache_hits_total', 'Reads answered by a cache', ['cache', 'tier']);
const cacheMisses = new Metric('cache_misses_total', 'Reads that no cache answered', [
  'cache',
  'reason',
]);
const cacheFill = new Metric(
  'cache_miss_duration_seconds',
  'Time of reads that no cache answered, with their factory',
  ['cache', 'reason'],
);
const stampedes = new Metric(
  'cache_stampedes_avoided_total',
  'Reads that waited for the factory of another call instead of running their own',
  ['cache'],
);
const invalidations = new Metric('cache_invalidations_total', 'Invalidations by this process', [
  'cache',
  'scope',
]);
const replays = new Metric(
  'cache_invalidations_replayed_total',
  'Invalidations that had waited for Redis',
  ['cache'],
);
const stale = new Metric('cache_stale_served_total', 'Old values that were answered', [
  'cache',
  'reason',
]);
const refreshes = new Metric(
  'cache_refresh_duration_seconds',
  'Time of factories that nobody waited for',
  ['cache', 'outcome'],
);
const cacheErrors = new Metric(
  'cache_errors_total',
  'Steps of a cache that failed, and were done without',
  ['cache', 'operation'],
);

const decisions = new Metric('rate_limit_decisions_total', 'What policies said', [
  'policy',
  'outcome',
  'source',
]);
const decisionTime = new Metric('rate_limit_decision_duration_seconds', 'Time of a decision', [
  'outcome',
]);
const limitsDegraded = new Metric('rate_limit_degraded_total', 'Calls that went on without Redis', [
  'operation',
]);
const throttlerDegraded = new Metric('throttler_degraded_total', 'Hits that Redis did not count', [
  'throttler',
]);

const lockWait = new Metric(
  'lock_wait_duration_seconds',
  'Time until a lock was held, or the wait ended without it',
  ['kind', 'outcome'],
);
const lockHold = new Metric('lock_hold_duration_seconds', 'Time a lock was held', [
  'kind',
  'outcome',
]);
const locksQueued = new Metric('lock_queued_total', 'Calls that had to queue', ['kind']);
const locksLost = new Metric('lock_lost_total', 'Locks that could no longer be trusted', [
  'kind',
  'reason',
]);
const elections = new Metric(
  'leadership_changes_total',
  'Times this process began or ceased to lead',
  ['change'],
);
const jobsSkipped = new Metric('jobs_skipped_total', 'Ticks of jobs that did not run here', [
  'reason',
]);

const countsDropped = new Metric('counters_dropped_total', 'Counters whose counts were lost', [
  'reason',
]);
const countsFlushed = new Metric('counters_flush_duration_seconds', 'Time of sending counts');
const countsPending = new Metric('counters_pending', 'Counters that wait to be sent');

const circuit = new Metric(
  'circuit_open',
  '1 while calls do without Redis because it does not answer',
  ['circuit'],
);
const circuitOpened = new Metric('circuit_opened_total', 'Times Redis stopped answering in time', [
  'circuit',
]);
const connectionLost = new Metric('connection_lost_total', 'Connections that were lost', [
  'connection',
  'role',
]);
const connectionFailed = new Metric(
  'connection_failures_total',
  'Failures of connections and of attempts to connect',
  ['connection', 'role'],
);
const subscriberGap = new Metric(
  'subscriber_gap_duration_seconds',
  'Time without a subscriber connection, in which messages were missed',
  ['connection'],
);
const localMemory = new Metric(
  'local_memory_armed',
  '1 while local memory is kept coherent by Redis',
  ['connection'],
);
const blockingStalled = new Metric(
  'blocking_stalled_total',
  'Blocking connections dropped because they were silent',
  ['connection'],
);

/**
 * Every metric that comes from an event. A line is all that a further event needs; its labels must be few by nature, such
 * as the name of a cache or a reason: never a key, a lock or a user.
 */
export const EVENT_METRICS: readonly EventMetric[] = [
  cacheHits.count('cache.hit', ({ cache, tier }) => [cache, tier]),
  cacheMisses.count('cache.miss', ({ cache, reason }) => [cache, reason]),
  cacheFill.time(
    'cache.miss',
    ({ durationMs }) => durationMs,
    ({ cache, reason }) => [cache, reason],
  ),
  stampedes.countEach('cache.miss', ({ cache, shared }) => (shared ? [cache] : [])),
  invalidations.count('cache.invalidated', ({ cache, tag }) => [
    cache,
    tag === null ? 'all' : 'tag',
  ]),
  replays.count(
    'cache.invalidations-replayed',
    ({ cache }) => cache,
    ({ count }) => count,
  ),
  stale.count('cache.stale-served', ({ cache, reason }) => [cache, reason]),
  refreshes.time(
    'cache.refreshed',
    ({ durationMs }) => durationMs,
    ({ cache }) => [cache, 'refreshed'],
  ),
  refreshes.time(
    'cache.refresh-failed',
    ({ durationMs }) => durationMs,
    ({ cache }) => [cache, 'failed'],
  ),
  cacheErrors.count('cache.error', ({ cache, operation }) => [cache, operation]),

  decisions.countEach('rate-limit.allowed', ({ policies, source }) =>
    policies.map((policy) => [policy, 'allowed', source]),
  ),
  decisions.countEach('rate-limit.denied', ({ denied, source }) =>
    denied.map((policy) => [policy, 'denied', source]),
  ),
  decisions.countEach('rate-limit.shadow-denied', ({ policies }) =>
    policies.map((policy) => [policy, 'shadow-denied', '']),
  ),
  decisionTime.time(
    'rate-limit.allowed',
    ({ durationMs }) => durationMs,
    () => 'allowed',
  ),
  decisionTime.time(
    'rate-limit.denied',
    ({ durationMs }) => durationMs,
    () => 'denied',
  ),
  limitsDegraded.count('rate-limit.degraded', ({ operation }) => operation),
  throttlerDegraded.count('throttler.degraded', ({ throttler }) => throttler),

  lockWait.time(
    'lock.acquired',
    ({ waitedMs }) => waitedMs,
    ({ kind }) => [kind, 'acquired'],
  ),
  lockWait.time(
    'lock.abandoned',
    ({ waitedMs }) => waitedMs,
    ({ kind, reason }) => [kind, reason],
  ),
  lockHold.time(
    'lock.released',
    ({ heldMs }) => heldMs,
    ({ kind }) => [kind, 'released'],
  ),
  lockHold.time(
    'lock.lost',
    ({ heldMs }) => heldMs,
    ({ kind }) => [kind, 'lost'],
  ),
  locksQueued.count('lock.queued', ({ kind }) => kind),
  locksLost.count('lock.lost', ({ kind, reason }) => [kind, reason]),
  elections.count('lock.elected', () => 'elected'),
  elections.count('lock.resigned', () => 'resigned'),
  jobsSkipped.count('job.skipped', ({ reason }) => reason),

  countsDropped.count(
    'counters.dropped',
    ({ reason }) => reason,
    ({ counters }) => counters,
  ),
  countsFlushed.time('counters.flushed', ({ durationMs }) => durationMs),
  countsPending.set('counters.flushed', ({ pending }) => pending),

  circuit.set(
    'circuit.opened',
    () => 1,
    (event) => event.circuit,
  ),
  circuit.set(
    'circuit.closed',
    () => 0,
    (event) => event.circuit,
  ),
  circuitOpened.count('circuit.opened', (event) => event.circuit),
  connectionLost.count('connection.lost', ({ connection, role }) => [connection, role]),
  connectionFailed.count('connection.failed', ({ connection, role }) => [connection, role]),
  subscriberGap.time(
    'subscriber.replaced',
    ({ downMs }) => downMs,
    ({ connection }) => connection,
  ),
  localMemory.set(
    'tracking.armed',
    () => 1,
    ({ connection }) => connection,
  ),
  localMemory.set(
    'tracking.suspended',
    () => 0,
    ({ connection }) => connection,
  ),
  localMemory.set(
    'tracking.refused',
    () => 0,
    ({ connection }) => connection,
  ),
  blockingStalled.count('blocking.stalled', ({ connection }) => connection),
];
