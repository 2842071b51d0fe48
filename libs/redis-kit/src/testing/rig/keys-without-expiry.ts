import type { Cluster, Redis } from 'ioredis';
import { RigError } from './rig.errors.js';

const SCAN_COUNT = 500;
const NO_EXPIRY = -1;

/** The keys matching `pattern` (of `SCAN`) that never expire, on all masters, sorted. */
export async function keysWithoutExpiry(
  client: Redis | Cluster,
  pattern: string,
): Promise<string[]> {
  const masters = client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];
  if (masters.length === 0) {
    throw new RigError('NOT_RUNNING', 'keysWithoutExpiry: the cluster client knows no master yet');
  }
  const found = await Promise.all(masters.map((master) => scanMaster(master, pattern)));
  return [...new Set(found.flat())].sort();
}

async function scanMaster(master: Redis, pattern: string): Promise<string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await master.scan(cursor, 'MATCH', pattern, 'COUNT', SCAN_COUNT);
    cursor = next;
    // Sent together, answered together; a key that expired since SCAN counts as expiring.
    const lifetimes = await Promise.all(keys.map((key) => master.pttl(key)));
    found.push(...keys.filter((_, index) => lifetimes[index] === NO_EXPIRY));
  } while (cursor !== '0');
  return found;
}
