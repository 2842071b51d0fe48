import type { Command } from 'commander';
import { Caches } from '../cache/caches.js';
import type { CacheService } from '../cache/cache.service.js';
import { RedisConnections } from '../core/connections/redis-connections.js';
import type { Duration } from '../core/duration.js';
import { RedisKitEvents } from '../core/events.js';
import { FeatureHealthChecks } from '../core/feature-health.js';
import { KeySpace } from '../core/key-space.js';
import { RedisMonitor } from '../monitoring/redis-monitor.js';
import { resolveRedisKitOptions, type ResolvedRedisKitOptions } from '../redis-kit.options.js';

/** How long to wait at the end for what is under way. */
const CLOSING_MS = 1_000;

/** Options of every command. */
export interface GlobalOptions {
  readonly url?: string;
  readonly namespace?: string;
  readonly timeout: Duration;
}

/** The parts of the suite that commands work with, without an application around them. */
export interface Toolkit {
  readonly options: ResolvedRedisKitOptions;
  readonly connections: RedisConnections;
  readonly monitor: RedisMonitor;
  /** A cache of this name, as applications of the namespace have it. */
  cache(name: string): CacheService;
}

/**
 * Runs with the suite set up for what the options of the command line say, and closes it afterwards.
 *
 * @throws ConfigurationError when they are wrong.
 */
export async function withToolkit<T>(
  command: Command,
  use: (toolkit: Toolkit) => Promise<T>,
): Promise<T> {
  const { url, namespace, timeout } = command.optsWithGlobals<GlobalOptions>();
  const options = resolveRedisKitOptions({
    ...(url !== undefined && { url }),
    ...(namespace !== undefined && { namespace }),
    connect: 'lazy',
    // Who only looks writes nothing.
    monitoring: { timeout, reuseHealthFor: 0, writeProbe: false },
  });
  const events = new RedisKitEvents();
  const connections = new RedisConnections(options, events);
  const keySpace = new KeySpace(options.namespace);
  const features = new FeatureHealthChecks();
  const monitor = new RedisMonitor({
    connections,
    options: options.monitoring,
    keySpace,
    features,
  });
  const caches = new Caches({ connections, keySpace, events });
  try {
    const cache = (name: string) => caches.create(name, { tracking: false });
    return await use({ options, connections, monitor, cache });
  } finally {
    await caches.close();
    await connections.close(CLOSING_MS);
  }
}
