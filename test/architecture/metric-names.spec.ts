import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EVENT_METRICS } from '../../libs/redis-kit/src/metrics/event-metrics.js';
import { SERVER_FAMILIES } from '../../libs/redis-kit/src/monitoring/metric-families.js';
import { read, ROOT } from './support/sources.js';

/** What there is, by name, with the labels of its samples. */
const LABELS = new Map<string, readonly string[]>([
  ...EVENT_METRICS.map(({ name, labelNames }) => [`rediskit_${name}`, labelNames] as const),
  ['rediskit_cache_pending_invalidations', ['cache']],
  ...SERVER_FAMILIES.map(({ name, labelNames }) => [name, labelNames] as const),
]);
const HISTOGRAMS = EVENT_METRICS.filter(({ type }) => type === 'histogram').map(
  ({ name }) => `rediskit_${name}`,
);
/** What Prometheus adds to every sample, and what belongs to histograms. */
const ALWAYS = ['instance', 'job', 'le'];

const metricsIn = (text: string): string[] => [
  ...new Set(text.match(/\b(?:rediskit|redis)_[a-z_]+\b/g)),
];

/** The metric a name is of: a histogram is asked for by its buckets. */
const metricOf = (name: string): string =>
  HISTOGRAMS.find((histogram) => name === `${histogram}_bucket` || name === `${histogram}_count`) ??
  name;

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard = JSON.parse(read(join(ROOT, 'docs/operations/grafana-dashboard.json'))) as {
  panels: readonly Panel[];
};
const rules = read(join(ROOT, 'docs/operations/prometheus-rules.yml'));

describe('metrics that pages and dashboards name', () => {
  it.each([
    ['docs/operations/grafana-dashboard.json'],
    ['docs/operations/prometheus-rules.yml'],
    ['docs/guides/metrics.md'],
  ])('in %s are ones that there are', (page) => {
    const named = metricsIn(read(join(ROOT, page))).filter(
      (name) => !/^redis_exporter$/.test(name),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !LABELS.has(metricOf(name)))).toEqual([]);
  });

  it('are all in the guide, those of the suite', () => {
    const guide = metricsIn(read(join(ROOT, 'docs/guides/metrics.md')));
    const ours = [...LABELS.keys()].filter((name) => name.startsWith('rediskit_'));
    expect(ours.filter((name) => !guide.includes(name))).toEqual([]);
  });

  it('have the labels that are asked of them', () => {
    const queries = [
      ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
      ...[...rules.matchAll(/expr: (?:\|\n((?: {10}.*\n)+)|(.*))/g)].map(
        ([, block, line]) => block ?? line ?? '',
      ),
    ];
    expect(queries.length).toBeGreaterThan(25);
    const wrong = queries.flatMap((query) => {
      const known = metricsIn(query).flatMap((name) => [...(LABELS.get(metricOf(name)) ?? [])]);
      const asked = [
        ...[...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(/,\s*/)),
        ...[...query.matchAll(/[{,]\s*([a-z_]+)\s*(?:=|!=|=~|!~)"/g)].map(([, label]) => label!),
      ];
      return asked
        .filter((label) => ![...known, ...ALWAYS].includes(label))
        .map((label) => `${label}: ${query}`);
    });
    expect(wrong).toEqual([]);
  });

  it('follow the conventions of Prometheus', () => {
    for (const { name, type } of [...EVENT_METRICS, ...SERVER_FAMILIES]) {
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
    }
    for (const name of HISTOGRAMS) expect(name).toMatch(/_seconds$/);
    expect(
      [...LABELS.values()].flat().filter((label) => /key|user|tag|lock|name/.test(label)),
    ).toEqual([]);
  });
});
