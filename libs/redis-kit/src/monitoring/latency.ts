import type { ServerNode } from '../core/connections/server-nodes.js';
import { dateOfSeconds, decimal, type InfoText } from './info-text.js';
import type { Look } from './look.js';
import type {
  CommandLatency,
  LatencyEvent,
  LatencyFacts,
  MonitorReport,
} from './monitor-reports.js';

const PINGS = 5;
const MOST_COMMANDS = 20;

/** All servers together: the slowest of them. */
export interface LatencyTotals {
  readonly roundTripMs: number | null;
}

/** How long servers take, seen from here and by themselves. */
export async function readLatency(look: Look): Promise<MonitorReport<LatencyFacts, LatencyTotals>> {
  const nodes = await look.each(look.nodes, async (node) => {
    const [roundTrip, events, info] = await Promise.all([
      roundTripOf(look, node),
      look.ask(node, 'LATENCY LATEST', (client) => client.latency('LATEST')),
      look.info(node, 'latencystats'),
    ]);
    if (roundTrip === null && events === undefined && !info) return undefined;
    return { roundTrip, events: latencyEventsIn(events), commands: commandLatencies(info) };
  });
  return look.report(nodes, (all) => {
    const medians = all.flatMap(({ roundTrip }) => (roundTrip ? [roundTrip.median] : []));
    return { roundTripMs: medians.length > 0 ? Math.max(...medians) : null };
  });
}

/** One after the other: together they would measure how long a queue takes. */
async function roundTripOf(look: Look, node: ServerNode): Promise<LatencyFacts['roundTrip']> {
  const took: number[] = [];
  for (let i = 0; i < PINGS; i++) {
    const startedAt = performance.now();
    const pong = await look.ask(node, 'PING', (client) => client.ping());
    if (pong === undefined) return null;
    took.push(performance.now() - startedAt);
  }
  took.sort((a, b) => a - b);
  return { min: took[0]!, median: took[Math.floor(PINGS / 2)]!, max: took.at(-1)! };
}

/** Reads a reply of LATENCY LATEST; what is not as it should be is left out. */
export function latencyEventsIn(reply: unknown): LatencyEvent[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown) => {
    if (!Array.isArray(entry)) return [];
    const [event, seconds, latestMs, maxMs] = entry as unknown[];
    const at = dateOfSeconds(seconds);
    if (typeof event !== 'string' || !at || ![latestMs, maxMs].every(Number.isFinite)) return [];
    return [{ event, at, latestMs: latestMs as number, maxMs: maxMs as number }];
  });
}

/** The percentiles of INFO latencystats, which are in microseconds. */
export function commandLatencies(info: InfoText | undefined): CommandLatency[] {
  if (!info) return [];
  return info
    .records('latency_percentiles_usec_')
    .map(([command, parts]) => {
      const ms = (percentile: string): number | null => {
        const us = decimal(parts.get(percentile));
        return us === undefined ? null : us / 1_000;
      };
      return {
        command: command.replace('|', ' '),
        p50Ms: ms('p50'),
        p99Ms: ms('p99'),
        p999Ms: ms('p99.9'),
      };
    })
    .sort((a, b) => (b.p99Ms ?? 0) - (a.p99Ms ?? 0))
    .slice(0, MOST_COMMANDS);
}
