import { periodsOf } from '../counter-calls.js';
import type { ResolvedRequestTrackingOptions } from '../counters.options.js';
import type { CounterStore, GroupCounts } from '../stores/counter-store.js';
import {
  labelOf,
  REQUESTS_GROUP,
  SPEEDS,
  STATUS_CLASSES,
  type Speed,
  type StatusClass,
} from './request-log.js';

/** Numbers of requests. */
export interface RequestCounts {
  readonly requests: number;
  readonly byStatus: Readonly<Record<StatusClass, number>>;
  /** How many took up to this long, and longer than the bound before. */
  readonly byDuration: Readonly<Record<Speed, number>>;
}

export interface RouteCounts extends RequestCounts {
  readonly method: string;
  /** As it is declared; `unmatched` for what no route has matched, `other` beyond `requestTracking.maxRoutes`. */
  readonly route: string;
}

export interface RequestSummary extends RequestCounts {
  /** When the first counted period begins. */
  readonly from: Date;
  /** Most requested first. */
  readonly routes: readonly RouteCounts[];
}

export interface RequestBucket extends RequestCounts {
  readonly start: Date;
}

export interface RequestStatsOptions {
  /**
   * How many periods of `requestTracking.window`, the current one included.
   * @default 60
   */
  readonly count?: number | undefined;
}

/**
 * What `RequestTrackingMiddleware` has counted in all processes. Numbers arrive with a delay of `counters.flushEvery`.
 *
 * @throws RedisUnavailableError when Redis does not answer within `counters.deadline`.
 */
export class RequestStats {
  constructor(
    private readonly store: CounterStore,
    private readonly options: ResolvedRequestTrackingOptions,
  ) {}

  /** The last periods together: in all, and by method and route. */
  async summary({ count = 60 }: RequestStatsOptions = {}): Promise<RequestSummary> {
    const groups = await this.#read(count);
    const all = new Tally();
    const routes = new Map<string, { method: string; route: string; tally: Tally }>();
    for (const [name, requests] of groups.flatMap(({ counts }) => [...counts])) {
      const label = labelOf(name);
      if (!label) continue;
      const [method, route, status, speed] = label;
      const key = `${method} ${route}`;
      const known = routes.get(key) ?? { method, route, tally: new Tally() };
      routes.set(key, known);
      for (const tally of [all, known.tally]) tally.add(status, speed, requests);
    }
    return {
      from: new Date(groups[0]!.period!.fromMs),
      ...all.counts,
      routes: [...routes.values()]
        .map(({ method, route, tally }) => ({ method, route, ...tally.counts }))
        .sort((one, other) => other.requests - one.requests),
    };
  }

  /** Period by period, oldest first; the last one is the current one. */
  async series({ count = 60 }: RequestStatsOptions = {}): Promise<RequestBucket[]> {
    const groups = await this.#read(count);
    return groups.map(({ period, counts }) => {
      const tally = new Tally();
      for (const [name, requests] of counts) {
        const label = labelOf(name);
        if (label) tally.add(label[2], label[3], requests);
      }
      return { start: new Date(period!.fromMs), ...tally.counts };
    });
  }

  #read(count: number): Promise<GroupCounts[]> {
    return this.store.group(REQUESTS_GROUP, this.options.window, periodsOf(count, 'count'));
  }
}

class Tally {
  #requests = 0;
  readonly #byStatus = zeros(STATUS_CLASSES);
  readonly #byDuration = zeros(SPEEDS);

  add(status: StatusClass, speed: Speed, requests: number): void {
    this.#requests += requests;
    this.#byStatus[status] += requests;
    this.#byDuration[speed] += requests;
  }

  get counts(): RequestCounts {
    return {
      requests: this.#requests,
      byStatus: this.#byStatus,
      byDuration: this.#byDuration,
    };
  }
}

const zeros = <Name extends string>(names: readonly Name[]): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
