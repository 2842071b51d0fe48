// @ts-check
import { setTimeout as pause } from 'node:timers/promises';

/**
 * @typedef {object} Turns what came of callers who took turns
 * @property {number} wallMs
 * @property {number} heldMs all holds together: the shortest time there is for one after the other
 * @property {number[]} waitsMs of each acquisition
 */

/**
 * Callers acquire the same lock, hold it for a while and release it, `rounds` times each. Two inside at once end the run.
 * @param {readonly import('../contenders/locks.mjs').OpenLocks[]} clients callers are spread over them
 * @param {{ name: string, callers: number, rounds: number, holdMs: number }} plan
 * @returns {Promise<Turns>}
 */
export async function takeTurns(clients, { name, callers, rounds, holdMs }) {
  let inside = 0;
  let heldMs = 0;
  /** @type {number[]} */
  const waitsMs = [];
  const caller = async (/** @type {number} */ at) => {
    const client = clients[at % clients.length];
    if (!client) throw new Error('There is no client');
    for (let round = 0; round < rounds; round++) {
      const askedAt = performance.now();
      const release = await client.acquire(name);
      const acquiredAt = performance.now();
      waitsMs.push(acquiredAt - askedAt);
      if (++inside > 1) throw new Error(`${name} is held twice`);
      await pause(holdMs);
      inside -= 1;
      heldMs += performance.now() - acquiredAt;
      await release();
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: callers }, (_, at) => caller(at)));
  return { wallMs: performance.now() - startedAt, heldMs, waitsMs };
}

/** @type {(values: readonly number[], share: number) => number} */
export function percentile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
