import type { RedisConnections } from '../core/connections/redis-connections.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import { CounterService } from './counter.service.js';
import type { ResolvedCounterOptions, ResolvedRequestTrackingOptions } from './counters.options.js';
import type { LeaderboardOptions } from './leaderboard.options.js';
import { LeaderboardService } from './leaderboard.service.js';
import { RedisLink } from './redis-link.js';
import { RequestLog, SPEEDS, STATUS_CLASSES } from './requests/request-log.js';
import { RequestStats } from './requests/request-stats.js';
import type { CounterStore } from './stores/counter-store.js';
import { MemoryCounterStore } from './stores/memory-counter.store.js';
import { MemoryLeaderboardStore } from './stores/memory-leaderboard.store.js';
import { RedisCounterStore } from './stores/redis-counter.store.js';
import { RedisLeaderboardStore } from './stores/redis-leaderboard.store.js';
import { Tallies } from './tallies.js';

export interface CountersDependencies {
  /** undefined: everything is counted in memory. */
  readonly connections: RedisConnections | undefined;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
  readonly options: ResolvedCounterOptions;
  readonly leaderboards: ReadonlyMap<string, LeaderboardOptions>;
  readonly requestTracking: ResolvedRequestTrackingOptions;
}

/** Labels of one method and route: every class of status at every speed. */
const LABELS_A_ROUTE = STATUS_CLASSES.length * SPEEDS.length;
/** What is counted beside the named routes: `unmatched` and `other`, by each method. */
const UNNAMED_ROUTES = 16;
/** Processes of several releases may have different routes; beyond this somebody else writes there. */
const MOST_LABELS = 100_000;

/** All that counts in one application, on one connection. */
export class Counters {
  readonly service: CounterService;
  readonly leaderboards: LeaderboardService;
  readonly requestLog: RequestLog;
  readonly requestStats: RequestStats;
  readonly #tallies: readonly Tallies[];

  constructor(dependencies: CountersDependencies) {
    const { connections, keySpace, events, options, requestTracking } = dependencies;
    const connection = connections?.get(options.connection);
    const link = connection && new RedisLink(connection, options.deadlineMs);
    const storeFor = (maxNames: number): CounterStore =>
      link ? new RedisCounterStore(link, keySpace, maxNames) : new MemoryCounterStore(maxNames);
    const flushEveryMs = link ? options.flushEveryMs : 0;
    const talliesOf = (store: CounterStore, maxPending: number) =>
      new Tallies({ store, events, flushEveryMs, maxPending });

    const store = storeFor(options.maxNames);
    const tallies = talliesOf(store, options.maxPending);
    this.service = new CounterService(store, tallies, options);
    this.leaderboards = new LeaderboardService(
      link ? new RedisLeaderboardStore(link, keySpace) : new MemoryLeaderboardStore(),
      dependencies.leaderboards,
    );
    // Of their own, so that neither requests nor counters of the application take the other's place.
    const requests = storeFor(MOST_LABELS);
    const maxLabels = (requestTracking.maxRoutes + UNNAMED_ROUTES) * LABELS_A_ROUTE;
    const requestTallies = talliesOf(requests, maxLabels);
    this.requestLog = new RequestLog(requestTallies, requestTracking);
    this.requestStats = new RequestStats(requests, requestTracking);
    this.#tallies = [tallies, requestTallies];
  }

  /** Resolves when what was counted in the background is sent, or announced as lost. */
  async drain(): Promise<void> {
    await Promise.all(this.#tallies.map((tallies) => tallies.drain()));
  }
}
