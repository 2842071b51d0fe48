import type { Redis } from 'ioredis';
import type { ServerNode } from '../core/connections/server-nodes.js';
import { scanKeys } from './key-scan.js';
import type { Look } from './look.js';
import type { OldestPending, StreamGroup, StreamGroups } from './monitor-reports.js';

export interface StreamGroupsRequest {
  readonly pattern: string | undefined;
  readonly budgetMs: number;
  /** Streams to look at; with these nothing is searched for. */
  readonly streams: readonly string[] | undefined;
}

/** The consumer groups of streams: those that were named, or those that are found in time. */
export async function readStreamGroups(
  look: Look,
  { pattern, budgetMs, streams }: StreamGroupsRequest,
): Promise<StreamGroups> {
  const groups: StreamGroup[] = [];
  let isComplete = look.masters.length > 0;
  await Promise.all(
    look.masters.map(async (node) => {
      const readAll = (keys: readonly string[]) => groupsOf(look, node, keys, groups);
      if (streams) return readAll(streams);
      const request = { pattern, type: 'stream', budgetMs };
      const end = await scanKeys(look, node, request, (keys) => readAll(keys.map(String)));
      if (!end.isComplete) isComplete = false;
    }),
  );
  const { name: connection } = look.connection;
  groups.sort((a, b) => a.stream.localeCompare(b.stream) || a.group.localeCompare(b.group));
  return { connection, groups, isComplete, unanswered: look.unanswered };
}

async function groupsOf(
  look: Look,
  node: ServerNode,
  streams: readonly string[],
  found: StreamGroup[],
): Promise<void> {
  for (const stream of streams) {
    const groups = await look.ask(node, 'XINFO GROUPS', (client) =>
      elsewhereIsNone(client.xinfo('GROUPS', stream)),
    );
    const rows = groupRows(groups);
    if (rows.length === 0) continue;
    const length = await look.ask(node, 'XLEN', (client) => client.xlen(stream));
    for (const row of rows) {
      const { name: nodeName, role } = node;
      const oldestPending = row.pending === 0 ? null : await oldest(look, node, stream, row.group);
      found.push({ node: nodeName, role, stream, length: length ?? 0, ...row, oldestPending });
    }
  }
}

/** A stream that is on another master, or gone, or no stream, has no groups here. */
async function elsewhereIsNone(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    if (/^(MOVED|ASK|TRYAGAIN|ERR no such key|WRONGTYPE)/.test((error as Error).message)) return [];
    throw error;
  }
}

type GroupRow = Omit<StreamGroup, 'node' | 'role' | 'stream' | 'length' | 'oldestPending'>;

/** Reads a reply of XINFO GROUPS, a flat list of names and values for each group. */
export function groupRows(reply: unknown): GroupRow[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((row: unknown): GroupRow[] => {
    if (!Array.isArray(row)) return [];
    const fields = new Map<unknown, unknown>();
    for (let i = 0; i + 1 < row.length; i += 2) fields.set(row[i], row[i + 1]);
    const group = fields.get('name');
    if (typeof group !== 'string') return [];
    const count = (field: string): number | null => {
      const value = fields.get(field);
      return typeof value === 'number' && Number.isFinite(value) ? value : null;
    };
    return [
      {
        group,
        consumers: count('consumers') ?? 0,
        pending: count('pending') ?? 0,
        lag: count('lag'),
        lastDeliveredId: String(fields.get('last-delivered-id') ?? ''),
      },
    ];
  });
}

async function oldest(
  look: Look,
  node: ServerNode,
  stream: string,
  group: string,
): Promise<OldestPending | null> {
  const answer = await look.ask(node, 'XPENDING', (client: Redis) =>
    Promise.all([client.xpending(stream, group, '-', '+', 1), client.time()]),
  );
  if (!answer) return null;
  const [rows, [seconds]] = answer;
  const [id, , idleMs, deliveries] = ((rows as unknown[])[0] as unknown[] | undefined) ?? [];
  if (typeof id !== 'string') return null;
  const writtenMs = Number(id.split('-')[0]);
  const nowMs = Number(seconds) * 1_000;
  // Ids that are no times, such as those of event stores that count from 1, tell no age.
  const isTime = writtenMs > 1_000_000_000_000 && writtenMs <= nowMs + 1_000;
  return {
    id,
    ageMs: isTime ? Math.max(0, nowMs - writtenMs) : null,
    idleMs: Number(idleMs) || 0,
    deliveries: Number(deliveries) || 0,
  };
}
