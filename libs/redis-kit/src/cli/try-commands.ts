import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import { withDeadline } from '../core/failsafe/deadline.js';
import { KeySpace } from '../core/key-space.js';
import { safeMessage } from '../core/redact.js';
import { healthProbeKey } from '../monitoring/monitoring.keys.js';
import type { Finding } from './doctor-findings.js';

/** The key goes by itself if it cannot be removed. */
const LIFE_MS = 10_000;

type Attempt = readonly [name: string, attempt: (client: Redis, key: string) => Promise<unknown>];

/** What every feature is made of, in an order that leaves nothing behind. */
const ATTEMPTS: readonly Attempt[] = [
  ['SET', (client, key) => client.set(key, '', 'PX', LIFE_MS)],
  ['GET', (client, key) => client.get(key)],
  ['MGET', (client, key) => client.mget(key)],
  ['PEXPIRE', (client, key) => client.pexpire(key, LIFE_MS)],
  ['EVAL', (client, key) => client.eval("return redis.call('EXISTS', KEYS[1])", 1, key)],
  ['UNLINK', (client, key) => client.unlink(key)],
];

/** Whether the user may do what the suite does, tried on a key of its own. */
export async function tryCommands(
  connection: RedisConnection,
  namespace: string,
  timeoutMs: number,
): Promise<Finding[]> {
  const key = healthProbeKey(new KeySpace(namespace), `doctor-${randomBytes(6).toString('hex')}`);
  const refused: Finding[] = [];
  for (const [name, attempt] of ATTEMPTS) {
    try {
      // Redis and Cluster share these commands, but the union of their overloads cannot be called.
      await withDeadline(name, timeoutMs, attempt(connection.command as Redis, key));
    } catch (error) {
      const message = `${safeMessage(error)} (tried on a key of namespace '${namespace}')`;
      refused.push({ level: 'problem', check: name, message });
    }
  }
  if (refused.length > 0) return refused;
  const names = ATTEMPTS.map(([name]) => name).join(', ');
  return [{ level: 'ok', check: 'commands', message: `${names} work in namespace '${namespace}'` }];
}
