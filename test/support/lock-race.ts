import type { Redis } from 'ioredis';
import { PERMITS, type Hold } from '../scenarios/lock-race.js';

/** What was held by a process that was killed, it trusted until then. */
export type Deaths = ReadonlyMap<number, number>;

/** All that was held in a race, by those who ended it and by those who were killed. */
export async function holdsOf(ledger: Redis, namespace: string, deaths: Deaths): Promise<Hold[]> {
  const closed = await ledger.lrange(`${namespace}:closed`, 0, -1);
  const open = await ledger.hvals(`${namespace}:open`);
  return [...closed, ...open].map((text) => {
    const hold = JSON.parse(text) as Hold;
    return { endedAt: deaths.get(hold.process) ?? Infinity, ...hold };
  });
}

/** Moments at which more was trusted than there is. */
export function overlapsOf(holds: readonly Hold[]): string[] {
  const overlaps: string[] = [];
  for (const [resource, own] of byResource(holds)) {
    const events = own.flatMap((hold) => [
      { at: hold.startedAt, hold, change: hold.weight },
      { at: hold.endedAt!, hold, change: -hold.weight },
    ]);
    // Who ends at the same moment as another begins makes room for it.
    events.sort((a, b) => a.at - b.at || a.change - b.change);
    const inside = new Set<Hold>();
    let used = 0;
    for (const { hold, change } of events) {
      used += change;
      if (change < 0) inside.delete(hold);
      else inside.add(hold);
      if (change > 0 && used > PERMITS + 0.0001) {
        overlaps.push(`${resource}: ${JSON.stringify([...inside])}`);
      }
    }
  }
  return overlaps;
}

/** Pairs of which the later one has the lower fence, of what one at a time may hold. */
export function fenceRegressionsOf(holds: readonly Hold[]): string[] {
  const regressions: string[] = [];
  for (const [resource, own] of byResource(holds.filter(({ weight }) => weight === PERMITS))) {
    const begun = [...own].sort((a, b) => a.startedAt - b.startedAt);
    const ended = [...own].sort((a, b) => a.endedAt! - b.endedAt!);
    let highest = 0;
    let at = 0;
    for (const hold of begun) {
      while (at < ended.length && ended[at]!.endedAt! <= hold.startedAt) {
        highest = Math.max(highest, ended[at++]!.fence);
      }
      if (hold.fence <= highest) regressions.push(`${resource}: ${hold.fence} after ${highest}`);
    }
  }
  return regressions;
}

/** Pairs of which one came when the other was known to wait, and was served before it. */
export function inversionsOf(holds: readonly Hold[]): string[] {
  const inversions: string[] = [];
  for (const [resource, own] of byResource(holds)) {
    for (const first of own) {
      const passed = own.find(
        (other) => first.queuedAt! < other.calledAt && other.fence < first.fence,
      );
      if (passed) inversions.push(`${resource}: ${JSON.stringify([first, passed])}`);
    }
  }
  return inversions;
}

function byResource(holds: readonly Hold[]): Map<string, Hold[]> {
  const groups = new Map<string, Hold[]>();
  for (const hold of holds) {
    const group = groups.get(hold.resource) ?? [];
    groups.set(hold.resource, group);
    group.push(hold);
  }
  return groups;
}
