import type { ResolvedRequestTrackingOptions } from '../counters.options.js';
import type { Tallies } from '../tallies.js';

/** The counters of all requests: not a name that counters of the application are likely to have. */
export const REQUESTS_GROUP = 'redis-kit:requests';

export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted'] as const;
/** First digit of the status; `aborted`: the connection ended before the response was complete. */
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** Upper bounds of how long a response may have taken. */
export const SPEEDS = ['10ms', '100ms', '1s', '10s', 'longer'] as const;
export type Speed = (typeof SPEEDS)[number];
const SPEED_BOUNDS_MS = [10, 100, 1_000, 10_000];

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** A template is written by a developer; a longer one is none. */
const LONGEST_ROUTE = 200;

export interface FinishedRequest {
  readonly method: string;
  /** As it is declared: `/products/:id`. undefined: no route has matched. */
  readonly route: string | undefined;
  /** undefined: aborted. */
  readonly status: number | undefined;
  readonly durationMs: number;
}

/** What a request is counted under. */
export type RequestLabel = readonly [
  method: string,
  route: string,
  status: StatusClass,
  speed: Speed,
];

/** Counts finished requests in the background, under a bounded number of labels. */
export class RequestLog {
  readonly #routes = new Set<string>();

  constructor(
    private readonly tallies: Tallies,
    private readonly options: ResolvedRequestTrackingOptions,
  ) {}

  /** Never waits, and never throws: a response does not depend on its being counted. */
  record({ method, route, status, durationMs }: FinishedRequest): void {
    const [knownMethod, knownRoute] = this.#bounded(
      METHODS.has(method) ? method : 'other',
      route === undefined ? 'unmatched' : route.slice(0, LONGEST_ROUTE),
    );
    const label: RequestLabel = [knownMethod, knownRoute, classOf(status), speedOf(durationMs)];
    this.tallies.add({
      name: JSON.stringify(label),
      by: 1,
      group: REQUESTS_GROUP,
      window: this.options.window,
      life: { ttlMs: undefined, keep: this.options.keep },
    });
  }

  #bounded(method: string, route: string): readonly [method: string, route: string] {
    const pair = `${method} ${route}`;
    if (this.#routes.has(pair) || route === 'unmatched') return [method, route];
    if (this.#routes.size >= this.options.maxRoutes) return [method, 'other'];
    this.#routes.add(pair);
    return [method, route];
  }
}

const classOf = (status: number | undefined): StatusClass =>
  status === undefined ? 'aborted' : (STATUS_CLASSES[Math.floor(status / 100) - 1] ?? '5xx');

const speedOf = (durationMs: number): Speed =>
  SPEEDS[SPEED_BOUNDS_MS.findIndex((bound) => durationMs <= bound)] ?? 'longer';

/** What was counted under a label; undefined when it is none, because somebody else wrote it. */
export function labelOf(name: string): RequestLabel | undefined {
  try {
    const [method, route, status, speed] = JSON.parse(name) as unknown[];
    const isLabel =
      typeof method === 'string' &&
      typeof route === 'string' &&
      STATUS_CLASSES.includes(status as StatusClass) &&
      SPEEDS.includes(speed as Speed);
    return isLabel ? [method, route, status as StatusClass, speed as Speed] : undefined;
  } catch {
    return undefined;
  }
}
