import type { OnModuleDestroy } from '@nestjs/common';
import { Gauge, type Registry } from 'prom-client';
import type { Caches } from '../cache/caches.js';
import type { RedisKitEvents, RedisKitListener, RedisKitEvent } from '../core/events.js';
import { ConfigurationError } from '../core/redis-kit.error.js';
import type { RedisMonitor } from '../monitoring/redis-monitor.js';
import { BoundedSeries } from './bounded-series.js';
import { EVENT_METRICS, type EventMetric } from './event-metrics.js';
import type { ResolvedRedisMetricsOptions } from './metrics.options.js';
import { registerServerMetrics } from './server-gauges.js';

export interface RedisMetricsDependencies {
  readonly options: ResolvedRedisMetricsOptions;
  readonly events: RedisKitEvents;
  readonly monitor: RedisMonitor;
  readonly caches: Caches;
  /** Names of the connections. */
  readonly connections: readonly string[];
}

/**
 * Counts what happens in the suite, and tells of the servers, on a registry of prom-client.
 *
 * Labels are few by nature and bounded by `maxSeries`; keys, names of locks and users are in none of them. What a metric
 * does never breaks what it measures, and a dead Redis never breaks a scrape.
 */
export class RedisMetrics implements OnModuleDestroy {
  readonly #registered: string[] = [];
  readonly #subscriptions: (() => void)[] = [];

  /** @throws ConfigurationError when another application has these metrics on the same registry. */
  constructor(private readonly dependencies: RedisMetricsDependencies) {
    const { options, monitor } = dependencies;
    if (options.registry.getSingleMetric(`rediskit_${EVENT_METRICS[0]!.name}`)) {
      throw new ConfigurationError(
        'The metrics of RedisKit are on this registry already. Import RedisMetricsModule once; where two applications ' +
          'run in one process, give each a registry of its own.',
      );
    }
    this.#countEvents();
    this.#tellOfCaches();
    if (options.servers) {
      const look = () => monitor.serverMetrics();
      this.#registered.push(...registerServerMetrics(options.registry, look));
    }
  }

  get registry(): Registry {
    return this.dependencies.options.registry;
  }

  /** All metrics of the registry, as Prometheus reads them. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  onModuleDestroy(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    for (const name of this.#registered.splice(0)) this.registry.removeSingleMetric(name);
  }

  #countEvents(): void {
    const { events, options } = this.dependencies;
    const metrics = new Map<string, BoundedSeries>();
    for (const metric of EVENT_METRICS) {
      const series =
        metrics.get(metric.name) ?? new BoundedSeries(metric, options.registry, options.maxSeries);
      if (!metrics.has(metric.name)) this.#registered.push(`rediskit_${metric.name}`);
      metrics.set(metric.name, series);
      this.#subscriptions.push(events.on(metric.event, listenerOf(metric, series)));
    }
  }

  /** What is not an event but a state, asked for when somebody scrapes. */
  #tellOfCaches(): void {
    const { caches, connections, options } = this.dependencies;
    const name = 'rediskit_cache_pending_invalidations';
    const pending = new Gauge({
      name,
      help: 'Invalidations that Redis did not take yet',
      labelNames: ['cache'],
      registers: [],
      collect() {
        this.reset();
        for (const connection of connections) {
          for (const [cache, status] of Object.entries(caches.statusOf(connection))) {
            this.set({ cache }, status.pendingInvalidations);
          }
        }
      },
    });
    options.registry.registerMetric(pending);
    this.#registered.push(name);
  }
}

function listenerOf(metric: EventMetric, series: BoundedSeries): RedisKitListener<RedisKitEvent> {
  const additions = metric.additions as (payload: unknown) => ReturnType<EventMetric['additions']>;
  return (payload) => {
    for (const { labels, value } of additions(payload)) series.add(labels, value);
  };
}
