import type { Cluster, Redis } from 'ioredis';
import { withDeadline } from '../failsafe/deadline.js';
import { safeMessage } from '../redact.js';
import { RedisUnavailableError } from '../redis-kit.error.js';
import type { RedisClient } from './connection-url.js';
import type { RedisConnection } from './redis-connection.js';

/** One server of a connection. */
export interface ServerNode {
  /** Where it listens, without credentials. */
  readonly name: string;
  /** What the Cluster takes it for; elsewhere the server is the master until it says otherwise. */
  readonly role: 'master' | 'replica';
  /** undefined: the driver has no link to it at the moment. */
  readonly client: Redis | undefined;
}

/** What last went wrong with a client that is not ready, to say more than that it is not. */
const lastFailures = new WeakMap<RedisClient, string>();

/** Attempts under way, one for all who wait: an outage must not gather listeners. */
const linking = new WeakMap<RedisClient, Promise<void>>();

/**
 * The servers behind a connection, on links that are used for looking only. Of Sentinels it is the master; of a Cluster,
 * every master and replica that holds slots, also those that cannot be reached.
 *
 * @throws RedisUnavailableError when there is no link and none came about within the deadline.
 */
export async function serverNodes(
  connection: RedisConnection,
  deadlineMs: number,
): Promise<ServerNode[]> {
  const client = connection.monitor;
  if (!lastFailures.has(client)) {
    lastFailures.set(client, 'there is no link yet');
    client.on('error', (error: Error) => lastFailures.set(client, safeMessage(error)));
    client.on('node error', (error: Error) => lastFailures.set(client, safeMessage(error)));
  }
  await withDeadline('connecting', deadlineMs, linked(client)).catch(() => {
    throw new RedisUnavailableError(`${connection.description}: ${lastFailures.get(client)}`);
  });
  if ('nodes' in client) return clusterNodes(client);
  return [{ name: nameOfOnly(client, connection.description), role: 'master', client }];
}

/** Resolves when the link stands, rejects when the attempt that is under way has failed. */
function linked(client: RedisClient): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  const underWay = linking.get(client);
  if (underWay) return underWay;
  const attempt = new Promise<void>((resolve, reject) => {
    const settle = (isReady: boolean) => () => {
      linking.delete(client);
      client.off('ready', ready);
      client.off('close', closed);
      if (isReady) resolve();
      else reject(new Error('the link was closed'));
    };
    const ready = settle(true);
    const closed = settle(false);
    client.once('ready', ready);
    client.once('close', closed);
    if (client.status === 'wait') client.connect().catch(() => undefined);
  });
  linking.set(client, attempt);
  return attempt;
}

function clusterNodes(client: Cluster): ServerNode[] {
  const links = new Map(
    client.nodes('all').map((link) => [`${link.options.host}:${link.options.port}`, link]),
  );
  const roles = new Map<string, ServerNode['role']>();
  // A slot lists its master first. Who is a master anywhere is one, whatever an older line says.
  for (const [master, ...replicas] of client.slots) {
    if (master !== undefined) roles.set(master, 'master');
    for (const replica of replicas) if (!roles.has(replica)) roles.set(replica, 'replica');
  }
  return [...roles]
    .map(([name, role]) => ({ name, role, client: links.get(name) }))
    .sort((a, b) => a.role.localeCompare(b.role) || a.name.localeCompare(b.name));
}

/** The address that Sentinels led to, or that was given. */
function nameOfOnly(client: Redis, description: string): string {
  const { remoteAddress, remotePort } = client.stream ?? {};
  return remoteAddress === undefined
    ? description.replace(/^\w+:\/\//, '')
    : `${remoteAddress}:${remotePort}`;
}
