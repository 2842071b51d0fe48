import type { RedisConnections } from '../core/connections/redis-connections.js';
import { toMs, type Duration } from '../core/duration.js';
import type { FeatureHealthChecks, HealthReason } from '../core/feature-health.js';
import type { KeySpace } from '../core/key-space.js';
import { CounterHistory } from './counter-history.js';
import { judgeCluster, pingMasters, probeWrites, unlinkedMasters } from './health-check.js';
import { gravestFirst, statusOf, type HealthReport } from './health-report.js';
import { readHitRatio, sampleServers } from './hit-ratio.js';
import { judgeServers } from './judge-servers.js';
import type { KeyStatistics, KeyStatisticsOptions } from './key-reports.js';
import { readKeyStatistics } from './key-statistics.js';
import { readLatency, type LatencyTotals } from './latency.js';
import { Look } from './look.js';
import type {
  HitRatio,
  LatencyFacts,
  MemoryFacts,
  MemoryTotals,
  MonitorReport,
  ServerFacts,
  ServerTotals,
  SlowLog,
  StreamGroups,
} from './monitor-reports.js';
import { serverFamilies, type MetricFamily, type ServerSnapshot } from './metric-families.js';
import type { ResolvedMonitoringOptions } from './monitoring.options.js';
import { memoryFacts, memoryTotals, serverFacts, serverTotals } from './server-facts.js';
import { takeSnapshots } from './server-snapshots.js';
import { readSlowLog } from './slow-log.js';
import { readStreamGroups } from './stream-groups.js';

/** Which connection to look at. */
export interface MonitorCallOptions {
  /** Name of the connection; default: `'default'`. */
  readonly connection?: string | undefined;
}

export interface SlowLogOptions extends MonitorCallOptions {
  /** How many commands; default: 10. */
  readonly count?: number | undefined;
}

export interface HitRatioOptions extends MonitorCallOptions {
  /** How far to look back, up to an hour; default: `monitoring.window`. */
  readonly window?: Duration | undefined;
  /** Fewer look-ups than this have no ratio; default: 1. */
  readonly leastLookups?: number | undefined;
}

export interface StreamGroupsOptions extends MonitorCallOptions {
  /** Keys of streams. With these nothing is searched for. */
  readonly streams?: readonly string[] | undefined;
  /** Only streams whose keys match this glob; default: all. */
  readonly pattern?: string | undefined;
  /** Longest time spent on searching each master; default: `'2s'`. */
  readonly budget?: Duration | undefined;
}

export interface HealthCheckOptions extends MonitorCallOptions {
  /** Longest wait for each answer; default: `monitoring.timeout`. */
  readonly timeout?: Duration | undefined;
}

interface HealthCheck {
  readonly report: Promise<HealthReport>;
  /** `Infinity` while it is under way. */
  endedAt: number;
}

export interface RedisMonitorDependencies {
  /** undefined: the suite runs in memory, and there is nothing to look at. */
  readonly connections: RedisConnections | undefined;
  readonly options: ResolvedMonitoringOptions;
  readonly keySpace: KeySpace;
  readonly features: FeatureHealthChecks;
}

/**
 * Tells how the Redis servers do, one by one and together, on any topology.
 *
 * No call throws because of a server: one that is dead, hung or forbids a command is named in `unanswered`, and what the
 * others say is told. Nothing is asked with `KEYS` or `MONITOR`, on links of its own, and each wait has an end. What is
 * told are estimates where the report says so, and everything is already past when it arrives.
 */
export class RedisMonitor {
  readonly #histories = new Map<string, CounterHistory>();
  /** The servers of each connection when it was last reached. */
  readonly #lastSeen = new Map<string, readonly string[]>();
  readonly #checks = new Map<string, HealthCheck>();

  constructor(private readonly dependencies: RedisMonitorDependencies) {}

  /** Version, uptime, clients, operations, keys, replication and persistence of every server. */
  async info({ connection }: MonitorCallOptions = {}): Promise<
    MonitorReport<ServerFacts, ServerTotals>
  > {
    const look = await this.#look(connection);
    if (!look) return nothing;
    const nodes = await look.each(look.nodes, async (node) => {
      const sections = [
        'server',
        'clients',
        'stats',
        'replication',
        'persistence',
        'keyspace',
      ] as const;
      const info = await look.info(node, ...sections);
      return info && serverFacts(info);
    });
    return look.report(nodes, serverTotals);
  }

  /** What the servers keep in memory, and how much of it they may. */
  async memory({ connection }: MonitorCallOptions = {}): Promise<
    MonitorReport<MemoryFacts, MemoryTotals>
  > {
    const look = await this.#look(connection);
    if (!look) return nothing;
    const nodes = await look.each(look.nodes, async (node) => {
      const info = await look.info(node, 'memory', 'stats');
      return info && memoryFacts(info);
    });
    return look.report(nodes, memoryTotals);
  }

  /** The latest commands that took longer than `slowlog-log-slower-than`, with their arguments redacted. */
  async slowLog({ connection, count = 10 }: SlowLogOptions = {}): Promise<SlowLog> {
    const look = await this.#look(connection);
    return look ? readSlowLog(look, count) : { ...nothing, commands: [] };
  }

  /**
   * What the keys are: by type and prefix, in bytes, with and without an expiry. Found by `SCAN` within a budget and
   * from a sample, so most numbers are estimates, with their margins.
   */
  async keyStatistics({
    connection,
    pattern,
    budget = '2s',
    prefixes = 30,
    bigKeys = 10,
  }: KeyStatisticsOptions = {}): Promise<KeyStatistics> {
    const look = await this.#look(connection);
    if (!look) return nothing;
    return readKeyStatistics(look, {
      pattern: pattern === '*' ? undefined : pattern,
      budgetMs: toMs(budget),
      prefixes,
      bigKeys,
      namespace: this.dependencies.keySpace.namespace,
    });
  }

  /**
   * Hits among the look-ups of a window, of all masters. The servers count since their start only, so a window needs
   * an earlier look: this call, `healthCheck` and scraped metrics each leave one.
   */
  async hitRatio({
    connection,
    window,
    leastLookups = 1,
  }: HitRatioOptions = {}): Promise<HitRatio> {
    const look = await this.#look(connection);
    const windowMs = window === undefined ? this.dependencies.options.windowMs : toMs(window);
    if (!look) return readHitRatio(undefined, [], leastLookups);
    const samples = await sampleServers(look, this.#history(look.connection.name), windowMs);
    return readHitRatio(look, samples, leastLookups);
  }

  /** How long servers take to answer, seen from here and by themselves. */
  async latency({ connection }: MonitorCallOptions = {}): Promise<
    MonitorReport<LatencyFacts, LatencyTotals>
  > {
    const look = await this.#look(connection);
    return look ? readLatency(look) : nothing;
  }

  /** Consumer groups of streams: what is not delivered yet, and what is not acknowledged and for how long. */
  async streamGroups({
    connection,
    streams,
    pattern,
    budget = '2s',
  }: StreamGroupsOptions = {}): Promise<StreamGroups> {
    const look = await this.#look(connection);
    if (!look) return { connection: 'default', groups: [], isComplete: true, unanswered: [] };
    return readStreamGroups(look, { pattern, streams, budgetMs: toMs(budget) });
  }

  /**
   * Whether Redis serves this application, with the reasons if something is not as it should be. Ends within about
   * twice its timeout. Calls at the same time share one check, and its result may be used again for a moment.
   */
  healthCheck({ connection, timeout }: HealthCheckOptions = {}): Promise<HealthReport> {
    const { timeoutMs: defaultMs, reuseHealthForMs } = this.dependencies.options;
    const timeoutMs = timeout === undefined ? defaultMs : toMs(timeout);
    const id = `${timeoutMs} ${connection ?? 'default'}`;
    const earlier = this.#checks.get(id);
    if (earlier && performance.now() - earlier.endedAt < reuseHealthForMs) return earlier.report;
    const check: HealthCheck = { report: this.#check(connection, timeoutMs), endedAt: Infinity };
    this.#checks.set(id, check);
    const end = () => (check.endedAt = performance.now());
    check.report.then(end, () => this.#checks.delete(id));
    return check.report;
  }

  /**
   * What the servers of all connections tell, under the names of redis_exporter. A server that does not answer is there
   * with `redis_up` 0, also when it was reached earlier only.
   */
  async serverMetrics(): Promise<MetricFamily[]> {
    const { connections } = this.dependencies;
    const snapshots = await Promise.all(
      (connections?.names ?? []).map((name) => this.#snapshots(name)),
    );
    return serverFamilies(snapshots.flat());
  }

  async #snapshots(connection: string): Promise<ServerSnapshot[]> {
    const look = await this.#look(connection);
    if (!look) return [];
    const taken = await takeSnapshots(look, this.#history(connection));
    if (taken.length > 0)
      this.#lastSeen.set(
        connection,
        taken.map(({ node }) => node),
      );
    const silent = { info: undefined, slowLogLength: undefined, lastSlow: undefined };
    const missed = taken.length > 0 ? [] : (this.#lastSeen.get(connection) ?? ['']);
    return [...taken, ...missed.map((node) => ({ connection, node, ...silent }))];
  }

  async #check(name: string | undefined, timeoutMs: number): Promise<HealthReport> {
    const startedAt = performance.now();
    const { connections, features, keySpace, options } = this.dependencies;
    const { thresholds, windowMs, writeProbe } = options;
    const asked = features.ask(name ?? 'default', timeoutMs);
    const reasons: HealthReason[] = [];
    const look = await this.#look(name, timeoutMs);
    let responseTimeMs: number | null = null;
    if (connections && look) {
      const { connection } = look;
      const history = this.#history(connection.name);
      const [answers, servers, cluster] = await Promise.all([
        pingMasters(connection, timeoutMs, thresholds.responseTimeMs),
        sampleServers(look, history, windowMs),
        judgeCluster(look),
      ]);
      responseTimeMs = answers.responseTimeMs;
      reasons.push(...answers.reasons, ...cluster, ...judgeServers(servers, thresholds));
      const isSaid = (reason: HealthReason) =>
        reasons.some(({ code, node }) => code === reason.code && node === reason.node);
      reasons.push(...unlinkedMasters(look).filter((reason) => !isSaid(reason)));
      if (writeProbe && responseTimeMs !== null) {
        reasons.push(...(await probeWrites(connection, keySpace, look)));
      }
      reasons.push(...openCircuits(connection.openCircuits));
    }
    const featureHealth = await asked;
    for (const [, { reasons: own }] of featureHealth) reasons.push(...own);
    return {
      status: statusOf(reasons),
      connection: name ?? 'default',
      topology: look?.connection.topology ?? 'memory',
      reasons: gravestFirst(reasons),
      responseTimeMs: responseTimeMs === null ? null : Math.round(responseTimeMs * 100) / 100,
      features: Object.fromEntries([...featureHealth].map(([key, { facts }]) => [key, facts])),
      unanswered: look?.unanswered ?? [],
      checkedAt: new Date(),
      durationMs: performance.now() - startedAt,
    };
  }

  async #look(name = 'default', timeoutMs?: number): Promise<Look | undefined> {
    const { connections, options } = this.dependencies;
    if (!connections) return undefined;
    return Look.at(connections.get(name), timeoutMs ?? options.timeoutMs);
  }

  #history(connection: string): CounterHistory {
    const history = this.#histories.get(connection) ?? new CounterHistory();
    this.#histories.set(connection, history);
    return history;
  }
}

/** What there is to see without Redis. */
const nothing = {
  connection: 'default',
  topology: 'memory',
  nodes: [],
  total: null,
  unanswered: [],
} as const;

const openCircuits = (circuits: readonly string[]): HealthReason[] =>
  circuits.map((server) => ({
    severity: 'degraded',
    code: 'circuit-open',
    ...(server !== '' && { node: server }),
    message: `Caches and limits do without Redis${server === '' ? '' : ` on ${server}`}: it did not answer in time`,
  }));
