import 'reflect-metadata';
import { setTimeout as pass } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { CacheInvalidationError, CacheService } from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

/**
 * One process of a race: reads and invalidates at random, and checks every read against a database of versions. The
 * database is another Redis, whose `INCR` orders the versions; the monotonic clock is shared by the processes of a machine.
 */
export interface RaceOptions {
  readonly namespace: string;
  readonly connection: TopologyConnection;
  readonly databaseUrl: string;
  readonly l1: boolean;
  /** Invalidates several of many keys all the time, beside everything else. */
  readonly storm: boolean;
  readonly clockSkewMs: number;
  readonly seed: number;
}

export interface RaceReport {
  readonly reads: number;
  readonly invalidations: number;
  /** Reads that were older than an invalidation of the same process that had returned before they began. */
  readonly staleHere: string[];
  /** Reads that were older than an invalidation of any process that had returned longer than the bound before. */
  readonly staleElsewhere: string[];
}

/** Few keys, many readers and slow factories: what can meet, meets. */
const KEYS = 4;
const STORM_KEYS = 40;
/** With three processes about a thousand invalidations a second, as far as the machine can. */
const STORM_TAGS = 10;
const STORM_INTERVAL_MS = 25;
const LOOPS = 24;
const FACTORY_MS = 8;
const INVALIDATION_SHARE = 0.15;
/** Asking for the floors of all processes slows the race down. */
const FLOOR_SHARE = 0.2;
/** What another process may serve after an invalidation returned: two probe intervals, and a busy machine. */
const BOUND_NS = 2_500_000_000n;

interface Floor {
  version: number;
  at: bigint;
}

const realNow = Date.now;
let race: Race | undefined;

class Race {
  readonly #floors = new Map<string, number>();
  #random: number;
  #stopped = false;
  #running: Promise<RaceReport> | undefined;

  constructor(
    private readonly name: string,
    private readonly cache: CacheService,
    private readonly database: Redis,
    private readonly close: () => Promise<void>,
    seed: number,
    private readonly isStorm: boolean,
  ) {
    this.#random = seed;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<RaceReport> {
    this.#stopped = true;
    const report = await this.#running!;
    await this.close();
    this.database.disconnect();
    return report;
  }

  async #run(): Promise<RaceReport> {
    const report = { reads: 0, invalidations: 0, staleHere: [], staleElsewhere: [] };
    const loops = Array.from({ length: LOOPS }, () => this.#loop(report));
    await Promise.all(this.isStorm ? [...loops, this.#storm(report)] : loops);
    return report;
  }

  async #loop(report: {
    reads: number;
    invalidations: number;
    staleHere: string[];
    staleElsewhere: string[];
  }): Promise<void> {
    while (!this.#stopped) {
      const key = this.#key();
      if (this.#next() < INVALIDATION_SHARE) {
        await this.#invalidate(key);
        report.invalidations++;
        continue;
      }
      const all = this.#next() < FLOOR_SHARE ? await this.#floorOf(key) : undefined;
      const own = this.#floors.get(key) ?? 0;
      const startedAt = process.hrtime.bigint();
      const version = await this.#read(key);
      report.reads++;
      if (version < own) report.staleHere.push(`${key}: ${version} < ${own}`);
      if (all && version < all.version && startedAt - all.at > BOUND_NS) {
        report.staleElsewhere.push(`${key}: ${version} < ${all.version}`);
      }
    }
  }

  /** Tags of several keys at once: what limits the storm is not to be the bookkeeping. */
  async #storm(report: { invalidations: number }): Promise<void> {
    while (!this.#stopped) {
      const first = Math.floor(this.#next() * STORM_KEYS);
      const keys = Array.from({ length: STORM_TAGS }, (_, i) => `k${(first + i) % STORM_KEYS}`);
      const increments = keys.map((key) => this.database.incr(`${this.name}:db:${key}`));
      const versions = await Promise.all(increments);
      const isApplied = await this.#applied(
        this.cache.invalidateTags(...keys.map((key) => `tag:${key}`)),
      );
      const at = String(process.hrtime.bigint());
      for (const [i, key] of keys.entries()) {
        const version = versions[i]!;
        this.#raise(key, version);
        if (isApplied) void this.database.hset(`${this.name}:floor:${key}`, String(version), at);
      }
      report.invalidations += keys.length;
      await pass(STORM_INTERVAL_MS);
    }
  }

  #key(): string {
    return `k${Math.floor(this.#next() * (this.isStorm ? STORM_KEYS : KEYS))}`;
  }

  #read(key: string): Promise<number> {
    return this.cache.getOrSet(
      key,
      async () => {
        const version = Number(await this.database.get(`${this.name}:db:${key}`));
        await pass(Math.floor(this.#next() * FACTORY_MS));
        return version;
      },
      { tags: [`tag:${key}`], ttl: '5s' },
    );
  }

  async #invalidate(key: string): Promise<void> {
    let version = 0;
    const change = async () => (version = await this.database.incr(`${this.name}:db:${key}`));
    const isApplied = await this.#applied(this.#change(key, change));
    this.#raise(key, version);
    if (!isApplied) return;
    const at = process.hrtime.bigint();
    await this.database.hset(`${this.name}:floor:${key}`, String(version), String(at));
  }

  async #change(key: string, change: () => Promise<number>): Promise<unknown> {
    const choice = this.#next();
    const options = { tags: [`tag:${key}`], ttl: '5s' } as const;
    if (choice < 0.2) return this.cache.put(key, change, options);
    await change();
    if (choice < 0.55) return this.cache.delete(key);
    if (choice < 0.95) return this.cache.invalidateTags(`tag:${key}`);
    return this.cache.clear();
  }

  /** False when it was queued: then nothing was promised to other processes, but this one must not serve it any more. */
  async #applied(invalidation: Promise<unknown>): Promise<boolean> {
    try {
      await invalidation;
      return true;
    } catch (error) {
      if (!(error instanceof CacheInvalidationError)) throw error;
      return false;
    }
  }

  #raise(key: string, version: number): void {
    this.#floors.set(key, Math.max(this.#floors.get(key) ?? 0, version));
  }

  /** The highest version whose invalidation had returned, and when. */
  async #floorOf(key: string): Promise<Floor> {
    const now = process.hrtime.bigint();
    const floor: Floor = { version: 0, at: 0n };
    for (const [version, at] of Object.entries(
      await this.database.hgetall(`${this.name}:floor:${key}`),
    )) {
      if (now - BigInt(at) > BOUND_NS && Number(version) > floor.version) {
        floor.version = Number(version);
        floor.at = BigInt(at);
      }
    }
    return floor;
  }

  /** A linear congruential generator: the sequence can be repeated from the seed. */
  #next(): number {
    this.#random = (this.#random * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return this.#random / 4_294_967_296;
  }
}

export const methods = {
  start: async (options: RaceOptions): Promise<void> => {
    Date.now = () => realNow() + options.clockSkewMs;
    const app = await startApplication({
      namespace: options.namespace,
      connections: { default: options.connection },
      caches: { default: options.l1 ? { l1: {} } : {} },
    });
    const database = new Redis(options.databaseUrl);
    race = new Race(
      options.namespace,
      app.get(CacheService),
      database,
      () => app.close(),
      options.seed,
      options.storm,
    );
    race.start();
  },
  stop: async (): Promise<RaceReport> => race!.stop(),
};

if (process.send) serveScenario(methods);
