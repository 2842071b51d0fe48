import { expect } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { CacheService, type CacheOptions } from 'nestjs-redis-kit';
import { isolatedNamespace, keysWithoutExpiry } from 'nestjs-redis-kit/testing';
import { startApplication } from './application.js';
import type { Topology } from './topologies/topology.js';

export const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `key-${i}`);

export const asRecord = (keys: readonly string[]): Record<string, string> =>
  Object.fromEntries(keys.map((key) => [key, `loaded ${key}`]));

/**
 * Some applications that share one cache, as processes would. Tokens are read each time unless the options say otherwise,
 * so that each hears at once of what another one invalidates. All keys must have an expiry in the end.
 */
export async function withCaches(
  topology: Topology,
  count: number,
  run: (
    caches: CacheService[],
    apps: INestApplicationContext[],
    namespace: string,
  ) => Promise<void>,
  options: CacheOptions = {},
): Promise<void> {
  const namespace = isolatedNamespace();
  const cache = {
    deadline: '5s',
    invalidationDeadline: '5s',
    tracking: false,
    ...options,
  } as const;
  const apps = await Promise.all(
    Array.from({ length: count }, () =>
      startApplication({
        namespace,
        connections: { default: topology.connectionOptions() },
        caches: { default: cache },
      }),
    ),
  );
  try {
    const caches = apps.map((app) => app.get(CacheService));
    await run(caches, apps, namespace);
    await topology.admin.ping();
    expect(await keysWithoutExpiry(topology.admin, `${namespace}:*`)).toEqual([]);
  } finally {
    await Promise.all(apps.map((app) => app.close()));
  }
}

/** What all masters executed while `task` ran. */
export async function commandsDuring(
  topology: Topology,
  task: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const during: Record<string, number> = {};
  const masters = await topology.masters();
  const counted = masters.reduce<() => Promise<unknown>>(
    (inner, server) => async () => {
      for (const [name, calls] of Object.entries(await server.commandsDuring(inner))) {
        during[name] = (during[name] ?? 0) + calls;
      }
    },
    task,
  );
  await counted();
  return during;
}
