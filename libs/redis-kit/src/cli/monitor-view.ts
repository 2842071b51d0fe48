import type { HealthReport } from '../monitoring/health-report.js';
import type {
  HitRatio,
  MemoryFacts,
  MemoryTotals,
  MonitorReport,
  ServerFacts,
  ServerTotals,
  SlowLog,
} from '../monitoring/monitor-reports.js';
import type { RedisMonitor } from '../monitoring/redis-monitor.js';
import {
  bytesText,
  countText,
  cut,
  durationText,
  percentText,
  printable,
  sparkline,
  table,
} from './format.js';
import type { Colour, Terminal } from './terminal.js';

/** Slow commands that are shown. */
const SLOWEST = 5;
/** The label, the number and the spaces around them; the rest of the line is for the bars. */
const BESIDE_BARS = 34;

/** One look at everything. */
export interface Reading {
  readonly at: string;
  readonly health: HealthReport;
  readonly info: MonitorReport<ServerFacts, ServerTotals>;
  readonly memory: MonitorReport<MemoryFacts, MemoryTotals>;
  readonly hits: HitRatio;
  readonly slowLog: SlowLog;
}

export async function takeReading(monitor: RedisMonitor): Promise<Reading> {
  const [health, info, memory, hits, slowLog] = await Promise.all([
    monitor.healthCheck(),
    monitor.info(),
    monitor.memory(),
    monitor.hitRatio(),
    monitor.slowLog({ count: 50 }),
  ]);
  return { at: new Date().toISOString(), health, info, memory, hits, slowLog };
}

const STATUS_COLOURS: Record<HealthReport['status'], Colour> = {
  healthy: 'green',
  degraded: 'yellow',
  unhealthy: 'red',
};

/** The lines of the view; the last reading is the current one. */
export function monitorView(terminal: Terminal, readings: readonly Reading[]): string[] {
  const { at, health, info, memory, hits, slowLog } = readings.at(-1)!;
  const width = terminal.width;
  const fit = (line: string): string => cut(line, width);
  const trend = (
    label: string,
    now: string,
    values: readonly (number | null | undefined)[],
  ): string => {
    const bars = sparkline(
      values.map((value) => value ?? null),
      Math.max(1, width - BESIDE_BARS),
    );
    return fit(`${label.padEnd(12)}${now.padStart(18)}  ${bars}`);
  };
  const past = <T>(read: (reading: Reading) => T): T[] => readings.map(read);
  const status = `${health.status.toUpperCase()}${health.responseTimeMs === null ? '' : `  PING ${durationText(health.responseTimeMs)}`}`;
  return [
    terminal.paint('bold', fit(`Redis ${health.topology}  ${at}`)),
    terminal.paint(STATUS_COLOURS[health.status], fit(status)),
    ...health.reasons.map(({ severity, message }) =>
      terminal.paint(severity === 'unhealthy' ? 'red' : 'yellow', fit(`! ${printable(message)}`)),
    ),
    '',
    trend(
      'Operations',
      `${countText(info.total?.operationsPerSecond)}/s`,
      past((reading) => reading.info.total?.operationsPerSecond),
    ),
    trend(
      'Memory',
      memoryText(memory.total),
      past((reading) => reading.memory.total?.usedBytes),
    ),
    trend(
      'Clients',
      countText(info.total?.connectedClients),
      past((reading) => reading.info.total?.connectedClients),
    ),
    trend(
      'Hit ratio',
      percentText(hits.ratio),
      past((reading) => reading.hits.ratio),
    ),
    trend(
      'Keys',
      countText(info.total?.keys),
      past((reading) => reading.info.total?.keys),
    ),
    '',
    ...serverLines(info, memory).map(fit),
    ...slowLines(slowLog).map(fit),
    ...missing(health, info, memory, slowLog).map((line) => terminal.paint('dim', fit(line))),
  ];
}

const memoryText = (total: MemoryTotals | null): string =>
  total?.usedShare === null || total === null
    ? bytesText(total?.usedBytes)
    : `${bytesText(total.usedBytes)} (${percentText(total.usedShare)})`;

function serverLines(info: Reading['info'], memory: Reading['memory']): string[] {
  if (info.nodes.length === 0) return [];
  const used = new Map(memory.nodes.map(({ node, usedBytes }) => [node, usedBytes]));
  const rows = info.nodes.map((server) => [
    server.node,
    server.role,
    `${server.server ?? ''} ${server.version ?? ''}`.trim(),
    durationText(server.uptimeMs),
    `${countText(server.operationsPerSecond)}/s`,
    bytesText(used.get(server.node)),
    countText(server.connectedClients),
    countText(server.keys),
  ]);
  const head = ['Server', 'role', 'version', 'up', 'ops', 'memory', 'clients', 'keys'];
  return table([head, ...rows]);
}

function slowLines({ commands }: SlowLog): string[] {
  if (commands.length === 0) return [];
  const slowest = [...commands].sort((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST);
  const rows = slowest.map(({ durationMs, command, keys, argumentCount, at }) => [
    printable(`${command} ${keys.join(' ')}`.trim()),
    durationText(durationMs),
    `${argumentCount} arguments`,
    at.toISOString(),
  ]);
  return ['', 'Slow commands', ...table(rows)];
}

/** What was asked in vain, each thing once. */
function missing(...reports: readonly Pick<HealthReport, 'unanswered'>[]): string[] {
  const lines = reports.flatMap(({ unanswered }) =>
    unanswered.map(({ node, asked, reason }) => printable(`${node}: ${asked} ${reason}`)),
  );
  return lines.length === 0 ? [] : ['', ...new Set(lines)];
}
