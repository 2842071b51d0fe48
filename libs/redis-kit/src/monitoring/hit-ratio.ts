import type { CounterHistory, CountSample } from './counter-history.js';
import type { InfoText } from './info-text.js';
import type { KnownServer } from './judge-servers.js';
import type { Look } from './look.js';
import type { HitRatio } from './monitor-reports.js';
import { memoryFacts, ratioOf, serverFacts } from './server-facts.js';

/** A server with what it counts since its start; undefined where it does not tell. */
export interface SampledServer extends KnownServer {
  readonly now: CountSample | undefined;
}

/** Looks at every server, compares its counts with those of an earlier look, and leaves them for a later one. */
export async function sampleServers(
  look: Look,
  history: CounterHistory,
  windowMs: number,
): Promise<SampledServer[]> {
  return look.each(look.nodes, async (node) => {
    const info = await look.info(
      node,
      'server',
      'clients',
      'memory',
      'persistence',
      'stats',
      'replication',
    );
    if (!info) return undefined;
    const { role = node.role, ...facts } = serverFacts(info);
    const now = countSample(info);
    const counts = now && history.between(node.name, windowMs, now);
    if (now) history.record(node.name, now);
    return { role, facts, memory: memoryFacts(info), counts, now };
  });
}

/** What a server counts since its start; undefined where it does not tell. */
export function countSample(info: InfoText): CountSample | undefined {
  const hits = info.number('keyspace_hits');
  const misses = info.number('keyspace_misses');
  if (hits === undefined || misses === undefined) return undefined;
  const uptimeSeconds = info.number('uptime_in_seconds');
  return {
    atMs: performance.now(),
    runId: info.text('run_id'),
    uptimeMs: uptimeSeconds === undefined ? undefined : uptimeSeconds * 1_000,
    hits,
    misses,
    evicted: info.number('evicted_keys') ?? 0,
  };
}

/** The hits of all masters within the window, and since their start. */
export function readHitRatio(
  look: Look | undefined,
  servers: readonly SampledServer[],
  leastLookups: number,
): HitRatio {
  const masters = servers.filter(({ role }) => role === 'master');
  const windows = masters.flatMap(({ counts }) => (counts ? [counts] : []));
  const { hits, misses } = added(windows);
  const lifetime = added(masters.flatMap(({ now }) => (now ? [now] : [])));
  const hasEnough = hits !== null && misses !== null && hits + misses >= leastLookups;
  return {
    connection: look?.connection.name ?? 'default',
    ratio: hasEnough ? ratioOf(hits, misses) : null,
    hits,
    misses,
    windowMs: windows.length > 0 ? Math.max(...windows.map(({ windowMs }) => windowMs)) : null,
    lifetime: { ratio: ratioOf(lifetime.hits, lifetime.misses), ...lifetime },
    unanswered: look?.unanswered ?? [],
  };
}

function added(counts: readonly { readonly hits: number; readonly misses: number }[]): {
  hits: number | null;
  misses: number | null;
} {
  if (counts.length === 0) return { hits: null, misses: null };
  return {
    hits: counts.reduce((total, { hits }) => total + hits, 0),
    misses: counts.reduce((total, { misses }) => total + misses, 0),
  };
}
