import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { ServerNode } from '../core/connections/server-nodes.js';
import type { Look } from './look.js';

/** Keys one SCAN goes through: a fraction of a millisecond of the server's time, in which nobody else is served. */
export const KEYS_PER_SCAN = 1_000;
/** The longest pause between two steps. */
const LONGEST_PAUSE_MS = 100;

export interface ScanRequest {
  readonly pattern: string | undefined;
  readonly type?: string;
  /** Time after which no further step is begun. */
  readonly budgetMs: number;
}

export interface ScanEnd {
  readonly steps: number;
  readonly isComplete: boolean;
}

/**
 * Goes through the keys of a server step by step. After each step it leaves the server alone for as long as the step
 * took, so that at most half of the server's time is spent here.
 *
 * @param onKeys gets the keys of each step, and may ask the server about them.
 */
export async function scanKeys(
  look: Look,
  node: ServerNode,
  { pattern, type, budgetMs }: ScanRequest,
  onKeys: (keys: Buffer[], client: Redis) => Promise<unknown>,
): Promise<ScanEnd> {
  const filters = [
    ...(pattern === undefined || pattern === '*' ? [] : ['MATCH', pattern]),
    ...(type === undefined ? [] : ['TYPE', type]),
  ];
  const endsAt = performance.now() + budgetMs;
  let cursor = '0';
  let steps = 0;
  for (;;) {
    const startedAt = performance.now();
    const reply = await look.ask(node, 'SCAN', (client) =>
      // The overloads name each combination of filters; this is any of them.
      client.callBuffer('SCAN', cursor, 'COUNT', KEYS_PER_SCAN, ...filters),
    );
    const [next, keys] = Array.isArray(reply) ? (reply as [Buffer, Buffer[]]) : [];
    if (next === undefined || !keys) return { steps, isComplete: false };
    steps += 1;
    cursor = next.toString();
    if (keys.length > 0 && node.client) await onKeys(keys, node.client);
    if (cursor === '0') return { steps, isComplete: true };
    const now = performance.now();
    if (now >= endsAt) return { steps, isComplete: false };
    await pause(Math.min(now - startedAt, LONGEST_PAUSE_MS, endsAt - now));
  }
}
