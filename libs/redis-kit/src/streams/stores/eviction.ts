import type { RedisConnection } from '../../core/connections/redis-connection.js';
import { memorySettings } from '../../core/memory-advice.js';
import { EvictionError } from '../streams.errors.js';

/**
 * Policies named `volatile-…` take only what expires, and streams do not: they refuse writes instead.
 *
 * @throws EvictionError when a server may throw streams away.
 */
export async function assertNoEviction(connection: RedisConnection): Promise<void> {
  // Before the first command a Cluster knows no masters to ask.
  await connection.command.ping();
  const settings = await memorySettings(connection);
  const evicting = settings.find(
    ({ isLimited, policy }) => isLimited && policy.startsWith('allkeys-'),
  );
  if (evicting) throw new EvictionError(connection.name, evicting.policy);
}
