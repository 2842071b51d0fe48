import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import calculateSlot from 'cluster-key-slot';
import type { RedisKitEvents } from '../events.js';
import { withDeadline } from '../failsafe/deadline.js';
import { Failsafe, type Budget, type UNAVAILABLE } from '../failsafe/failsafe.js';
import { KeySpace } from '../key-space.js';
import { RedisUnavailableError } from '../redis-kit.error.js';
import { safeMessage } from '../redact.js';
import { BlockingConnection } from './blocking-connection.js';
import { createClient } from './client-factory.js';
import { closeClient, whenReady } from './client-life.js';
import { describeTarget, type ResolvedConnectionOptions } from './connection.options.js';
import type { RedisClient } from './connection-url.js';
import { NodeLinks } from './node-links.js';
import type { ConnectionRole } from './roles.js';
import { ShardSubscriber } from './shard-subscriber.js';
import { Subscriber } from './subscriber.js';
import { trackingProbeKey } from './tracking.keys.js';
import { Tracking } from './tracking.js';

/**
 * Failures in a row that open a circuit: enough that a single lost packet does not, few enough that a dead server costs
 * three deadlines and not one per request.
 */
const FAILURES_TO_OPEN = 3;
/** Pause between two probes of an open circuit; with it a recovery is seen well within a second. */
const PROBE_INTERVAL_MS = 250;
/** No more patience than a cache read has, or a slow server would open and close the circuit in turn. */
const PROBE_DEADLINE_MS = 100;
/** A tracking probe has to live for one message only. */
const PROBE_LIFE_MS = 5_000;
/** Pause before a client that ended without being told to is started again. */
const REVIVE_AFTER_MS = 200;

export interface RedisConnectionSettings {
  readonly name: string;
  readonly namespace: string;
  readonly options: ResolvedConnectionOptions;
  readonly events: RedisKitEvents;
}

/**
 * One named connection: a client per role, made on first use, and closed together.
 */
export class RedisConnection {
  readonly name: string;
  readonly #settings: RedisConnectionSettings;
  readonly #clients = new Map<ConnectionRole, RedisClient>();
  readonly #blocking = new Set<BlockingConnection>();
  /** A key that was used on each circuit's server, to ask exactly that server for a sign of life. */
  readonly #probeKeys = new Map<string, string>();
  readonly #revivals = new Set<NodeJS.Timeout>();
  readonly #processId = randomBytes(6).toString('hex');
  readonly #keySpace: KeySpace;
  readonly #nodes: NodeLinks;
  #probeNumber = 0;
  #tracking: Tracking | undefined;
  #subscriber: Subscriber | undefined;
  #shardSubscriber: ShardSubscriber | undefined;
  #closed = false;
  readonly #failsafe: Failsafe;

  constructor(settings: RedisConnectionSettings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#keySpace = new KeySpace(settings.namespace);
    this.#nodes = new NodeLinks(
      settings.options,
      () => this.cache,
      (role) => this.#connectionName(role),
    );
    this.#failsafe = new Failsafe({
      connection: settings.name,
      failureThreshold: FAILURES_TO_OPEN,
      probeIntervalMs: PROBE_INTERVAL_MS,
      probe: (scope) => this.#probe(scope),
      events: settings.events,
    });
  }

  get topology(): 'standalone' | 'sentinel' | 'cluster' {
    const { target } = this.#settings.options;
    if (target.type !== 'client') return target.type;
    if ('nodes' in target.client) return 'cluster';
    return target.client.options.sentinels ? 'sentinel' : 'standalone';
  }

  /** Address without credentials. */
  get description(): string {
    return describeTarget(this.#settings.options.target);
  }

  /** For everything that must not be lost: waits for a reconnect up to the command timeout. */
  get command(): RedisClient {
    return this.#client('command');
  }

  /** For what can be done without: fails at once while the link is down. Commands go through `guarded`. */
  get cache(): RedisClient {
    return this.#client('cache');
  }

  /** For looking at the servers: a link of its own, so that nobody's commands wait behind a SCAN. */
  get monitor(): RedisClient {
    return this.#client('monitor');
  }

  /** True once commands were made ready for, and the link stands. */
  get isReady(): boolean {
    return this.#clients.get('command')?.status === 'ready';
  }

  /** The one subscriber of this connection. */
  get subscriber(): Subscriber {
    this.#assertOpen();
    return (this.#subscriber ??= new Subscriber({
      connection: this.name,
      events: this.#settings.events,
      open: () => this.#nodes.openAny('subscriber'),
    }));
  }

  /** The subscriber of sharded channels, what is sent by SPUBLISH; on links of its own. */
  get shardSubscriber(): ShardSubscriber {
    this.#assertOpen();
    return (this.#shardSubscriber ??= new ShardSubscriber({
      connection: this.name,
      events: this.#settings.events,
      isCluster: this.topology === 'cluster',
      masterOf: (channel) => this.#nodes.ownerOf(channel),
      open: (master) => this.#nodes.openMaster(master, 'subscriber'),
      refresh: () => this.#nodes.refresh(),
    }));
  }

  /** Hears from Redis which keys change, for what is kept in local memory. */
  get tracking(): Tracking {
    return (this.#tracking ??= new Tracking({
      connection: this.name,
      events: this.#settings.events,
      isConnected: () => this.#clients.get('cache')?.status === 'ready',
      masters: () => this.#nodes.masters(),
      open: (master) => this.#nodes.openMaster(master, 'tracking'),
      probeKey: (master) => this.#probeKeyOn(master),
      writeProbe: (key) => (this.cache as Redis).set(key, '', 'PX', PROBE_LIFE_MS),
    }));
  }

  /** A link of its own for one blocking reader of `key` (and of keys in the same slot). */
  openBlocking(key: string): BlockingConnection {
    this.#assertOpen();
    const blocking = new BlockingConnection({
      connection: this.name,
      events: this.#settings.events,
      open: (moved) => this.#nodes.openOwner(key, 'blocking', moved),
    });
    this.#blocking.add(blocking);
    return blocking;
  }

  /** Opens the command and cache connections and waits until both are ready. */
  async connect(timeoutMs: number): Promise<void> {
    await Promise.all(
      [this.command, this.cache].map((client) =>
        withDeadline(`connecting to ${this.description}`, timeoutMs, whenReady(client)),
      ),
    );
  }

  /**
   * Asks the live command connection for a sign of life.
   *
   * @returns milliseconds the answer took.
   * @throws RedisUnavailableError when there is none in time. Never waits longer than `timeoutMs`.
   */
  async ping(timeoutMs: number): Promise<number> {
    const startedAt = performance.now();
    try {
      await withDeadline('PING', timeoutMs, this.command.ping());
    } catch (error) {
      throw new RedisUnavailableError(`${this.description}: ${safeMessage(error)}`, {
        cause: error,
      });
    }
    return performance.now() - startedAt;
  }

  /** Clients of every master, for commands that must run on each (SCAN, INFO). */
  masters(): Redis[] {
    const client = this.command;
    return 'nodes' in client ? client.nodes('master') : [client];
  }

  /** Servers that are not asked at the moment because they did not answer: `''`, or masters of a Cluster. */
  get openCircuits(): string[] {
    return this.#failsafe.openScopes;
  }

  /** The server that holds `key`: `''`, or a master of a Cluster. Each has a circuit of its own. */
  serverOf(key: string): string {
    const client = this.cache;
    const scope = 'nodes' in client ? (client.slots[calculateSlot(key)]?.[0] ?? '') : '';
    if (!this.#probeKeys.has(scope)) this.#probeKeys.set(scope, key);
    return scope;
  }

  /**
   * Runs a command that can be done without, on the server that holds `key`, within what is left of `budget`. Answers
   * `UNAVAILABLE` instead of throwing. Each master of a Cluster has its own circuit breaker.
   *
   * @param onFailure hears why, when the server was asked in vain.
   */
  guarded<T>(
    operation: string,
    key: string,
    budget: Budget,
    work: (client: Redis) => Promise<T>,
    onFailure?: (error: unknown) => void,
  ): Promise<T | typeof UNAVAILABLE> {
    const run = () => this.#onceConnected(work);
    return this.#failsafe.run(operation, this.serverOf(key), budget, run, onFailure);
  }

  /**
   * Runs a command on the same connection that cannot be done without, such as an invalidation.
   *
   * @throws when it failed, or was not answered within the deadline; it may still run later.
   */
  required<T>(
    operation: string,
    deadlineMs: number,
    work: (client: Redis) => Promise<T>,
  ): Promise<T> {
    return withDeadline(operation, deadlineMs, this.#onceConnected(work));
  }

  /**
   * Closes what this connection opened: first politely, and when `deadlineMs` is over, at once. Never rejects.
   */
  async close(deadlineMs: number): Promise<void> {
    this.#closed = true;
    this.#failsafe.dispose();
    for (const timer of this.#revivals) clearTimeout(timer);
    for (const blocking of this.#blocking) blocking.close();
    await Promise.all([
      this.#subscriber?.close(),
      this.#shardSubscriber?.close(),
      this.#tracking?.close(),
      ...[...this.#clients.values()]
        .filter((client) => !this.#isGiven(client))
        .map((client) => closeClient(client, deadlineMs)),
    ]);
  }

  #onceConnected<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    // Redis and Cluster share their commands, but the union of their overloads cannot be called.
    const client = this.cache as Redis;
    return client.status === 'wait' ? whenReady(client).then(() => work(client)) : work(client);
  }

  async #probe(scope: string): Promise<void> {
    const client = this.cache;
    const key = this.#probeKeys.get(scope);
    const asked = key === undefined ? client.ping() : client.exists(key);
    await withDeadline('probe', PROBE_DEADLINE_MS, asked as Promise<unknown>);
  }

  #client(role: ConnectionRole): RedisClient {
    const existing = this.#clients.get(role);
    if (existing) return existing;
    this.#assertOpen();
    const { options } = this.#settings;
    const client =
      role === 'command' && options.target.type === 'client'
        ? options.target.client
        : createClient(options, role, this.#connectionName(role));
    this.#clients.set(role, client);
    if (!this.#isGiven(client)) this.#announce(client, role);
    return client;
  }

  #announce(client: RedisClient, role: ConnectionRole): void {
    const { events } = this.#settings;
    const connection = this.name;
    let ready = false;
    client.on('ready', () => {
      ready = true;
      events.emit('connection.ready', { connection, role });
      if (role === 'cache') this.#tracking?.start();
    });
    client.on('close', () => {
      if (ready && !this.#closed) events.emit('connection.lost', { connection, role });
      ready = false;
    });
    client.on('error', (error: Error) => {
      events.emit('connection.failed', { connection, role, message: safeMessage(error) });
    });
    client.on('end', () => this.#revive(client));
  }

  /**
   * A failover that Sentinel announces while the driver is reconnecting ends the client for good, although its retry
   * strategy says otherwise. Unless we closed it, it is started again.
   */
  #revive(client: RedisClient): void {
    if (this.#closed) return;
    const timer = setTimeout(() => {
      this.#revivals.delete(timer);
      if (client.status === 'end') client.connect().catch(() => undefined);
    }, REVIVE_AFTER_MS);
    this.#revivals.add(timer);
  }

  /** A key that nobody used before and that lives on this master. */
  #probeKeyOn(master: string): string | undefined {
    const number = this.#probeNumber++;
    return this.#nodes.keyOn(master, (i) =>
      trackingProbeKey(this.#keySpace, `${this.#processId}-${i}`, number),
    );
  }

  #connectionName(role: ConnectionRole): string {
    // What CLIENT SETNAME accepts, for whoever reads CLIENT LIST.
    return `${this.#settings.namespace.replace(/[^\w.:-]/g, '_')}:${this.name}:${role}`;
  }

  #isGiven(client: RedisClient): boolean {
    const { target } = this.#settings.options;
    return target.type === 'client' && target.client === client;
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new RedisUnavailableError(
        `Connection '${this.name}' is closed: the application is shutting down`,
      );
    }
  }
}
