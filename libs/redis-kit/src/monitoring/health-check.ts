import { randomBytes } from 'node:crypto';
import type { RedisConnection } from '../core/connections/redis-connection.js';
import { isConnectivityError } from '../core/failsafe/connectivity.js';
import { withDeadline } from '../core/failsafe/deadline.js';
import type { HealthReason } from '../core/feature-health.js';
import type { KeySpace } from '../core/key-space.js';
import { safeMessage } from '../core/redact.js';
import { InfoText } from './info-text.js';
import type { Look } from './look.js';
import { healthProbeKey } from './monitoring.keys.js';

/** Long enough for a slow server, short enough to leave nothing behind. */
const PROBE_LIFE_MS = 10_000;

const processId = randomBytes(6).toString('hex');
let probes = 0;

/** What the connection that the application uses says of its masters. */
export interface Answers {
  readonly responseTimeMs: number | null;
  readonly reasons: readonly HealthReason[];
}

/** Asks every master for a sign of life, on the links that the application's own commands take. */
export async function pingMasters(
  connection: RedisConnection,
  timeoutMs: number,
  slowMs: number,
): Promise<Answers> {
  const masters = connection.topology === 'cluster' ? connection.masters() : [];
  // A Cluster that is not connected knows no masters; asking its client waits for the connection.
  const questions =
    masters.length === 0
      ? [{ node: connection.description, ask: () => connection.ping(timeoutMs) }]
      : masters.map((master) => ({
          node: `${master.options.host}:${master.options.port}`,
          ask: async () => {
            const startedAt = performance.now();
            await withDeadline('PING', timeoutMs, master.ping());
            return performance.now() - startedAt;
          },
        }));
  const answers = await Promise.all(
    questions.map(async ({ node, ask }) => {
      try {
        return { node, tookMs: await ask() };
      } catch (error) {
        return { node, failure: safeMessage(error) };
      }
    }),
  );
  const times = answers.flatMap(({ tookMs }) => (tookMs === undefined ? [] : [tookMs]));
  const reasons = answers.flatMap(({ node, tookMs, failure }): HealthReason[] => {
    if (failure !== undefined) {
      const severity = times.length === 0 ? 'unhealthy' : 'degraded';
      return [
        { severity, code: 'no-answer', node, message: `${node}: ${withoutName(failure, node)}` },
      ];
    }
    if (tookMs !== undefined && tookMs > slowMs) {
      const message = `${node} answered after ${Math.round(tookMs)} ms, later than ${slowMs} ms`;
      return [{ severity: 'degraded', code: 'slow', node, message }];
    }
    return [];
  });
  return { responseTimeMs: times.length === 0 ? null : Math.max(...times), reasons };
}

/** Writes a key that expires. A server that answers and refuses is full, read-only or cannot save. */
export async function probeWrites(
  connection: RedisConnection,
  keySpace: KeySpace,
  look: Look,
): Promise<HealthReason[]> {
  // Another key each time, so that on a Cluster every master has its turn.
  const key = healthProbeKey(keySpace, `${processId}-${probes++}`);
  const { command } = connection;
  // Redis and Cluster share SET, but the union of their overloads cannot be called.
  const write = (command as { set(key: string, ...args: unknown[]): Promise<unknown> }).set(
    key,
    '',
    'PX',
    PROBE_LIFE_MS,
  );
  try {
    await withDeadline('SET', look.timeoutMs, write);
    return [];
  } catch (error) {
    const message = safeMessage(error);
    // Silence is the business of PING; what the ACL does not allow was not asked for.
    if (isConnectivityError(error)) return [];
    if (message.startsWith('NOPERM')) {
      look.note(connection.name, 'SET', error);
      return [];
    }
    return [
      {
        severity: 'degraded',
        code: 'writes-refused',
        message: `Redis refuses to write: ${message}`,
      },
    ];
  }
}

/** What the masters of a Cluster say of it, and which of them cannot be reached from here. */
export async function judgeCluster(look: Look): Promise<HealthReason[]> {
  if (look.connection.topology !== 'cluster') return [];
  const answers = await look.each(look.masters, async (node) => {
    const reply = await look.ask(node, 'CLUSTER INFO', (client) => client.cluster('INFO'));
    return reply === undefined ? undefined : { info: InfoText.parse(reply) };
  });
  const failing = answers.filter(({ info }) => info.is('cluster_state', 'fail'));
  const inDoubt = answers.filter(({ info }) => (info.number('cluster_slots_pfail') ?? 0) > 0);
  const reasons: HealthReason[] = failing.map(({ node, info }) => ({
    severity: failing.length === answers.length ? 'unhealthy' : 'degraded',
    code: 'cluster-down',
    node,
    message: `${node} says that the Cluster is down: ${info.number('cluster_slots_ok') ?? '?'} of 16384 slots are served`,
  }));
  if (failing.length === 0 && inDoubt.length > 0) {
    const { node, info } = inDoubt[0]!;
    reasons.push({
      severity: 'degraded',
      code: 'cluster-failing',
      node,
      message: `${node} hears nothing from who holds ${info.number('cluster_slots_pfail')} slots`,
    });
  }
  return reasons;
}

/** Masters that hold slots, and to which there is no link. */
export const unlinkedMasters = (look: Look): HealthReason[] =>
  look.masters
    .filter(({ client }) => client === undefined)
    .map(({ name }) => ({
      severity: 'degraded',
      code: 'no-answer',
      node: name,
      message: `${name} cannot be reached, and holds slots of the Cluster`,
    }));

/** The message of a ping that begins with the address that is said anyway. */
const withoutName = (failure: string, node: string): string =>
  failure.startsWith(`${node}: `) ? failure.slice(node.length + 2) : failure;
