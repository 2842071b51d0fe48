import { Counter, Gauge, type Registry } from 'prom-client';
import { SERVER_FAMILIES, type MetricFamily } from '../monitoring/metric-families.js';

/**
 * Registers what servers tell, looked up when somebody scrapes. All metrics of one scrape share one look.
 *
 * @param look never rejects.
 * @returns the names that were registered.
 */
export function registerServerMetrics(
  registry: Registry,
  look: () => Promise<MetricFamily[]>,
): string[] {
  let underWay: Promise<Map<string, MetricFamily>> | undefined;
  const families = () =>
    (underWay ??= look()
      .then((all) => new Map(all.map((family) => [family.name, family])))
      .finally(() => (underWay = undefined)));
  for (const { name, type, help, labelNames } of SERVER_FAMILIES) {
    const samples = async () => (await families()).get(name)?.samples ?? [];
    const common = { name, help, labelNames: [...labelNames], registers: [] };
    const metric =
      type === 'gauge'
        ? new Gauge({
            ...common,
            async collect() {
              const found = await samples();
              this.reset();
              for (const { labels, value } of found) this.set(labels, value);
            },
          })
        : // A counter that the server keeps: its value is replaced, not added to.
          new Counter({
            ...common,
            async collect() {
              const found = await samples();
              this.reset();
              for (const { labels, value } of found) this.inc(labels, value);
            },
          });
    registry.registerMetric(metric);
  }
  return SERVER_FAMILIES.map(({ name }) => name);
}
