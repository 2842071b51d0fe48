import {
  CacheService,
  RedisKitEvents,
  type CacheCallOptions,
  type RedisKitEventMap,
} from 'nestjs-redis-kit';
import { isolatedNamespace } from 'nestjs-redis-kit/testing';
import { startApplication } from './application.js';
import type { Topology } from './topologies/topology.js';

export const SWR: CacheCallOptions = { ttl: '1h', tags: ['tag'], staleWhileRevalidate: '1h' };
export const SIE: CacheCallOptions = { ttl: '1h', tags: ['tag'], staleIfError: '1h' };

type FreshnessEvent = 'cache.refreshed' | 'cache.refresh-failed' | 'cache.stale-served';

export interface CacheProcesses {
  readonly caches: readonly [CacheService, CacheService];
  /** What both announced about stale values. */
  readonly events: { readonly [E in FreshnessEvent]: RedisKitEventMap[E][] };
  entryKey(key: string): string;
  readonly epochKey: string;
  /** Shuts the first one down. */
  close(): Promise<void>;
}

/** Two applications that share one cache, as two processes would. */
export async function withCacheProcesses(
  topology: Topology,
  run: (processes: CacheProcesses) => Promise<void>,
): Promise<void> {
  const namespace = isolatedNamespace();
  const start = () =>
    startApplication({
      namespace,
      connections: { default: topology.connectionOptions() },
      // What is expected at once of another process: local memory hears of it a moment later (see cache-l1).
      caches: { default: { deadline: '5s', leaderWait: '20s', tracking: false } },
    });
  const apps = [await start(), await start()] as const;
  const events: CacheProcesses['events'] = {
    'cache.refreshed': [],
    'cache.refresh-failed': [],
    'cache.stale-served': [],
  };
  for (const app of apps) {
    const emitter = app.get(RedisKitEvents);
    emitter.on('cache.refreshed', (event) => events['cache.refreshed'].push(event));
    emitter.on('cache.refresh-failed', (event) => events['cache.refresh-failed'].push(event));
    emitter.on('cache.stale-served', (event) => events['cache.stale-served'].push(event));
  }
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= apps[0].close());
  try {
    await run({
      caches: [apps[0].get(CacheService), apps[1].get(CacheService)],
      events,
      entryKey: (key) => `${namespace}:v1:cache:{default:${key}}`,
      epochKey: `${namespace}:v1:cache-epoch:{default}`,
      close,
    });
  } finally {
    await Promise.all([close(), apps[1].close()]);
  }
}
