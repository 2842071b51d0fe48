import 'reflect-metadata';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pass } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  LockLostError,
  LockService,
  LockTimeoutError,
  RedisKitEvents,
  type Lock,
  type LockCallOptions,
} from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

/**
 * One process of a race for locks. What it holds, and for how long it trusted it, goes to a ledger in another Redis, so that
 * it is known also of a process that was killed. The monotonic clock is shared by the processes of a machine.
 */
export interface LockRaceOptions {
  readonly namespace: string;
  readonly connection: TopologyConnection;
  readonly ledgerUrl: string;
  readonly clockSkewMs: number;
  readonly seed: number;
}

/** All times in milliseconds of the machine's monotonic clock. */
export interface Hold {
  readonly resource: string;
  readonly process: number;
  readonly fence: number;
  /** Share of what there is. */
  readonly weight: number;
  readonly calledAt: number;
  /** When the server had said that it waits. */
  readonly queuedAt?: number;
  readonly startedAt: number;
  /** When it was given back, or could no longer be trusted. */
  readonly endedAt?: number;
}

export interface LockRaceReport {
  readonly acquired: number;
  readonly lost: number;
  readonly timedOut: number;
  /** Acquisitions that ended long after their deadline although this process was running. */
  readonly late: string[];
  /** Writes that were refused for their fence although the lock could still be trusted. */
  readonly refused: string[];
  readonly errors: string[];
  /** What was still open after the end. */
  readonly open: string[];
}

export const PERMITS = 3;
const TASKS = 6;
const WAIT_MS = 4_000;
/** Sockets that were cut in the middle of a connect take a moment to end. */
const CLOSED_WITHIN_MS = 2_000;
/** A timer that is so late says that this process was stopped, or the machine busy. */
const STALL_MS = 250;
/** What an acquisition may take beyond its deadline on a busy machine. */
const LATE_MS = 1_500;

/** Writes if the fence is none of the past. */
const FENCED_WRITE = `
  local last = tonumber(redis.call('GET', KEYS[1]) or '0')
  if tonumber(ARGV[1]) < last then return 0 end
  redis.call('SET', KEYS[1], ARGV[1])
  return 1`;

const realNow = Date.now;
const machineNow = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Call {
  queuedAt?: number;
}

interface Resource {
  readonly name: string;
  readonly weight: number;
  acquire(options: LockCallOptions): Promise<Lock>;
}

class Race {
  readonly #locks: LockService;
  readonly #calls = new AsyncLocalStorage<Call>();
  readonly #report = {
    acquired: 0,
    lost: 0,
    timedOut: 0,
    late: [] as string[],
    refused: [] as string[],
    errors: [] as string[],
  };
  readonly #watch: NodeJS.Timeout;
  #stalledAt = -Infinity;
  #beatAt = machineNow();
  #random: number;
  #stopped = false;
  #number = 0;
  readonly #running: Promise<unknown>;

  constructor(
    private readonly app: INestApplicationContext,
    private readonly ledger: Redis,
    private readonly options: LockRaceOptions,
  ) {
    this.#locks = app.get(LockService);
    this.#random = options.seed;
    app.get(RedisKitEvents).on('lock.queued', () => {
      const call = this.#calls.getStore();
      if (call) call.queuedAt ??= machineNow();
    });
    this.#watch = setInterval(() => {
      const now = machineNow();
      if (now - this.#beatAt > STALL_MS) this.#stalledAt = now;
      this.#beatAt = now;
    }, 20);
    this.#running = Promise.all(Array.from({ length: TASKS }, () => this.#task()));
  }

  async stop(): Promise<LockRaceReport> {
    this.#stopped = true;
    await this.#running;
    clearInterval(this.#watch);
    await this.app.close();
    this.ledger.disconnect();
    let open: string[];
    const giveUpAt = performance.now() + CLOSED_WITHIN_MS;
    do {
      await pass(50);
      open = process
        .getActiveResourcesInfo()
        .filter((kind) => kind === 'Timeout' || kind === 'TCPSocketWrap');
    } while (open.length > 0 && performance.now() < giveUpAt);
    return { ...this.#report, open };
  }

  async #task(): Promise<void> {
    while (!this.#stopped) {
      const resource = this.#choose();
      const calledAt = machineNow();
      const call: Call = {};
      try {
        const lock = await this.#calls.run(call, () => resource.acquire({ wait: WAIT_MS }));
        this.#judgeDeadline(resource, calledAt);
        this.#report.acquired += 1;
        await this.#hold(resource, lock, { calledAt, ...call });
      } catch (error) {
        this.#judgeDeadline(resource, calledAt);
        if (error instanceof LockTimeoutError) this.#report.timedOut += 1;
        else this.#report.errors.push(String(error));
      }
    }
  }

  async #hold(resource: Resource, lock: Lock, call: { calledAt: number; queuedAt?: number }) {
    const { name, weight } = resource;
    const id = `${process.pid}:${this.#number++}`;
    const open = `${this.options.namespace}:open`;
    const hold: Hold = {
      resource: name,
      process: process.pid,
      fence: lock.fence,
      weight,
      ...call,
      startedAt: machineNow(),
    };
    let trustedUntil = machineNow() + lock.remaining();
    let endedAt: number;
    try {
      await this.ledger.hset(open, id, JSON.stringify(hold));
      for (let steps = this.#next() * 4; steps > 0; steps--) {
        await pass(this.#next() * 4);
        lock.check();
        trustedUntil = machineNow() + lock.remaining();
        if (weight === PERMITS) await this.#write(resource, lock);
      }
      endedAt = machineNow();
      if (lock.remaining() === 0) endedAt = Math.min(endedAt, trustedUntil);
    } catch (error) {
      if (!(error instanceof LockLostError)) throw error;
      this.#report.lost += 1;
      endedAt = Math.min(machineNow(), trustedUntil);
    }
    // Before it is given back: whoever is killed from here on trusts it no longer.
    const closed = JSON.stringify({ ...hold, endedAt });
    await this.ledger
      .multi()
      .hdel(open, id)
      .rpush(`${this.options.namespace}:closed`, closed)
      .exec();
    await lock.release();
  }

  /** What is written under a lock carries its fence. */
  async #write({ name }: Resource, lock: Lock): Promise<void> {
    const key = `${this.options.namespace}:register:${name}`;
    const accepted = await this.ledger.eval(FENCED_WRITE, 1, key, lock.fence);
    if (accepted === 0 && lock.remaining() > 0) {
      this.#report.refused.push(`${name} ${lock.fence}`);
    }
  }

  #choose(): Resource {
    const at = Math.floor(this.#next() * 6);
    const permits = 1 + Math.floor(this.#next() * 2);
    const semaphore = this.#locks.semaphore('semaphore', { permits: PERMITS });
    const both = this.#locks.readWriteLock('document');
    const choices: Resource[] = [
      ...['first', 'second'].map((name) => ({
        name,
        weight: PERMITS,
        acquire: (options: LockCallOptions) => this.#locks.acquire(name, options),
      })),
      {
        name: 'semaphore',
        weight: permits,
        acquire: (options) => semaphore.acquire({ ...options, permits }),
      },
      { name: 'document', weight: PERMITS, acquire: (options) => both.write(options) },
      { name: 'document', weight: 0.001, acquire: (options) => both.read(options) },
    ];
    return choices[at] ?? choices.at(-1)!;
  }

  #judgeDeadline({ name }: Resource, calledAt: number): void {
    const tookMs = machineNow() - calledAt;
    const wasStalled = this.#stalledAt > calledAt || machineNow() - this.#beatAt > STALL_MS;
    if (tookMs > WAIT_MS + LATE_MS && !wasStalled) {
      this.#report.late.push(`${name}: ${Math.round(tookMs)} ms`);
    }
  }

  /** A linear congruential generator: the sequence can be repeated from the seed. */
  #next(): number {
    this.#random = (this.#random * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return this.#random / 4_294_967_296;
  }
}

let race: Race | undefined;

export const methods = {
  start: async (options: LockRaceOptions): Promise<void> => {
    Date.now = () => realNow() + options.clockSkewMs;
    const app = await startApplication({
      namespace: options.namespace,
      connections: { default: options.connection },
      locks: { lease: 700, heartbeat: 200, claim: 500 },
    });
    race = new Race(app, new Redis(options.ledgerUrl), options);
  },
  /** Keeps the event loop from turning. */
  stall: (ms: number): void => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
  stop: (): Promise<LockRaceReport> => race!.stop(),
};

if (process.send) serveScenario(methods);
