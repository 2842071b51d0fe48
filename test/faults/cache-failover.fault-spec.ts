import { randomBytes } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CacheService, RedisKitEvents } from 'nestjs-redis-kit';
import {
  ClusterDeployment,
  eventually,
  isolatedNamespace,
  SentinelDeployment,
} from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import { PATIENCE_MS, type TopologyConnection } from '../support/topologies/topology.js';

const PATIENCE = { within: 40_000 };
const TAGGED = { tags: ['tag'], ttl: '1h' } as const;

interface Processes {
  readonly here: CacheService;
  readonly there: CacheService;
  readonly entryKey: string;
  readonly tagKey: string;
  readonly epochKey: string;
  /** Sets the value until both serve it from their memory: a replay may take it away in between. */
  rememberedByBoth(): Promise<void>;
  /** Resolves when neither serves it any more. */
  forgottenByBoth(): Promise<void>;
}

/** Two applications with an L1 in front of the same cache. */
async function withProcesses(
  connection: TopologyConnection,
  run: (processes: Processes) => Promise<void>,
): Promise<void> {
  const namespace = isolatedNamespace();
  const start = () =>
    startApplication({
      namespace,
      connections: { default: connection },
      caches: { default: { l1: {}, deadline: '5s' } },
    });
  const apps = await Promise.all([start(), start()]);
  const [here, there] = apps.map((app) => app.get(CacheService)) as [CacheService, CacheService];
  try {
    await run({
      here,
      there,
      entryKey: `${namespace}:v1:cache:{default:key}`,
      tagKey: `${namespace}:v1:cache-tag:{default:tag}`,
      epochKey: `${namespace}:v1:cache-epoch:{default}`,
      rememberedByBoth: () =>
        eventually(async () => {
          const tiers = await Promise.all(apps.map(tierOf));
          if (tiers.includes(undefined)) await here.set('key', 'old', TAGGED);
          expect(tiers).toEqual(['memory', 'memory']);
        }, PATIENCE),
      forgottenByBoth: () =>
        eventually(async () => {
          expect([await here.get('key'), await there.get('key')]).toEqual([undefined, undefined]);
        }, PATIENCE),
    });
  } finally {
    await Promise.all(apps.map((app) => app.close()));
  }
}

async function tierOf(app: INestApplicationContext): Promise<string | undefined> {
  let served: string | undefined;
  const stop = app.get(RedisKitEvents).on('cache.hit', ({ tier }) => (served = tier));
  await app.get(CacheService).get('key');
  stop();
  return served;
}

/** A master was replaced while both remembered a value: changes at the new one reach both, and old values neither. */
async function assertCoherentAfter(
  { there, entryKey, rememberedByBoth, forgottenByBoth }: Processes,
  replaceMaster: () => Promise<unknown>,
  changeByOthers: (key: string) => Promise<unknown>,
): Promise<void> {
  await rememberedByBoth();
  await replaceMaster();
  await eventually(() => there.invalidateTags('tag'), PATIENCE);
  await forgottenByBoth();
  await rememberedByBoth();
  await eventually(() => changeByOthers(entryKey), PATIENCE);
  await forgottenByBoth();
}

describe('an L1 cache behind Sentinels', () => {
  let deployment: SentinelDeployment;
  beforeAll(async () => {
    deployment = await SentinelDeployment.start({ downAfter: PATIENCE_MS });
  });
  afterAll(() => deployment.stop());

  it.each([
    { name: 'planned', replaceMaster: () => deployment.failover() },
    { name: 'after a crash (kill -9)', replaceMaster: () => deployment.killMaster() },
  ])('stays coherent through a failover, $name', async ({ replaceMaster }) => {
    const connection = { sentinels: deployment.sentinels, name: deployment.name };
    await withProcesses(connection, async (processes) => {
      await assertCoherentAfter(processes, replaceMaster, (key) => deployment.client().unlink(key));
    });
    await deployment.restoreAll();
  });
});

describe('an L1 cache on a Cluster', () => {
  let deployment: ClusterDeployment;
  beforeAll(async () => {
    deployment = await ClusterDeployment.start({ nodeTimeout: PATIENCE_MS });
  });
  afterAll(() => deployment.stop());

  const connection = () => ({ cluster: deployment.nodes });

  it('stays coherent through a failover of the master of a tag, planned', async () => {
    await withProcesses(connection(), async (processes) => {
      await assertCoherentAfter(
        processes,
        async () => deployment.failover(await deployment.nodeForKey(processes.tagKey)),
        (key) => deployment.client().unlink(key),
      );
    });
  });

  it('stays coherent through a failover of the master of an entry, after a crash (kill -9)', async () => {
    await withProcesses(connection(), async (processes) => {
      await assertCoherentAfter(
        processes,
        async () => (await deployment.nodeForKey(processes.entryKey)).kill(),
        (key) => deployment.client().unlink(key),
      );
    });
    await deployment.restoreAll();
  });

  it('hears of what changes in a slot that has moved to another master, and while it moves', async () => {
    await withProcesses(connection(), async (processes) => {
      const { entryKey, tagKey, epochKey, rememberedByBoth, forgottenByBoth } = processes;
      const client = deployment.client();
      const token = () => randomBytes(16);
      for (const { key, change } of [
        { key: entryKey, change: () => client.unlink(entryKey) },
        { key: tagKey, change: () => client.set(tagKey, token(), 'PX', 3_600_000) },
        { key: epochKey, change: () => client.set(epochKey, token(), 'PX', 3_600_000) },
      ]) {
        const slot = await deployment.slotOf(key);
        const from = await deployment.masterOf(slot);
        const to = (await deployment.masters()).find((master) => master !== from)!;
        await rememberedByBoth();
        const migration = await deployment.beginMigration(slot, to);
        await migration.moveKeys();
        await change();
        await forgottenByBoth();
        await rememberedByBoth();
        await migration.finish();
        await eventually(async () => (await deployment.masterOf(slot)) === to, PATIENCE);
        await rememberedByBoth();
        await change();
        await forgottenByBoth();
      }
    });
  });
});
