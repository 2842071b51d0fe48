import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventMetric } from './event-metrics.js';

/** What further samples of a metric are counted under, once there are as many as there may be. */
const OTHER = 'other';

/** From a tenth of a millisecond, which an answer from memory takes, to ten seconds. */
const SECONDS_BUCKETS = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

type Series = (value: number) => void;

/** One metric, with a bounded number of samples whatever its labels are. */
export class BoundedSeries {
  readonly #series = new Map<string, Series>();
  readonly #make: (labels: readonly string[]) => Series;

  constructor(
    { name, type, help, labelNames }: Omit<EventMetric, 'event' | 'additions'>,
    registry: Registry,
    private readonly most: number,
  ) {
    const common = {
      name: `rediskit_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [registry],
    };
    if (type === 'counter') {
      const metric = new Counter(common);
      this.#make = (labels) => metric.labels(...labels).inc;
    } else if (type === 'gauge') {
      const metric = new Gauge(common);
      this.#make = (labels) => metric.labels(...labels).set;
    } else {
      const metric = new Histogram({ ...common, buckets: SECONDS_BUCKETS });
      this.#make = (labels) => metric.labels(...labels).observe;
    }
  }

  /** Adds to, sets or observes what these labels stand for. */
  add(labels: readonly string[], value: number): void {
    // What cannot be measured is no measurement; the metrics of the application must not fail by it.
    if (!Number.isFinite(value) || value < 0) return;
    this.#of(labels)(value);
  }

  #of(labels: readonly string[]): Series {
    const id = labels.length === 1 ? labels[0]! : labels.join('\u0000');
    const known = this.#series.get(id);
    if (known) return known;
    const isFull = this.#series.size >= this.most;
    if (isFull && labels.some((label) => label !== OTHER)) return this.#of(labels.map(() => OTHER));
    const series = this.#make(labels);
    this.#series.set(id, series);
    return series;
  }
}
