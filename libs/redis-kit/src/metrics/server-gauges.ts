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
    const common = { name, help, labelNames: [...labelNames], registers: [registry] };
    // A counter that another process counts: its value is replaced, not added to.
    if (type === 'counter') {
      new Counter({
        ...common,
        async collect() {
          const family = (await families()).get(name);
          this.reset();
          for (const { labels, value } of family?.samples ?? []) this.inc(labels, value);
        },
      });
    } else {
      new Gauge({
        ...common,
        async collect() {
          const family = (await families()).get(name);
          this.reset();
          for (const { labels, value } of family?.samples ?? []) this.set(labels, value);
        },
      });
    }
  }
  return SERVER_FAMILIES.map(({ name }) => name);
}
