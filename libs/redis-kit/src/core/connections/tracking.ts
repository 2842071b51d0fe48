import type { Redis } from 'ioredis';
import type { RedisKitEvents } from '../events.js';
import { safeMessage } from '../redact.js';
import { SupervisedLink, type Pause } from './supervised-link.js';

/** How often each link is probed. What is known locally is trusted for two intervals after a probe was sent. */
const PROBE_INTERVAL_MS = 1_000;
const TRUST_MS = 2 * PROBE_INTERVAL_MS;
/** Without a probe coming back for this long a link is made anew. */
const GIVE_UP_MS = 5 * PROBE_INTERVAL_MS;
/** Pause before a server that refused tracking is asked again. */
const REFUSED_RETRY_MS = 30_000;
/** Probes under way that are remembered per link. */
const MAX_OUTSTANDING = 4;

const CHANNEL = '__redis__:invalidate';

export type TrackingStatus = 'arming' | 'armed' | 'suspended' | 'refused';

/** Why everything that is remembered has to be forgotten. `rearmed`: after a pause in which something may have been lost. */
export type ResetCause = 'armed' | 'disarmed' | 'rearmed' | 'flushed';

/** @param at when (monotonic) it happened; a trust that has ended had done so then, which may be a while ago. */
export type ResetListener = (cause: ResetCause, at: number) => void;

export interface TrackingOptions {
  readonly connection: string;
  readonly events: RedisKitEvents;
  /** True once ordinary commands can be sent. */
  readonly isConnected: () => boolean;
  /** The masters as the command connection knows them. */
  readonly masters: () => readonly string[];
  readonly open: (master: string) => Redis;
  /** A new key that lives on this master; undefined when it holds no slot. */
  readonly probeKey: (master: string) => string | undefined;
  /** Writes a probe through the connection that ordinary commands use. */
  readonly writeProbe: (key: string) => Promise<unknown>;
}

class MasterLink {
  link: SupervisedLink | undefined;
  isUp = false;
  upSince = 0;
  /** When the latest probe that came back had been *sent*. */
  confirmedAt = -Infinity;
  readonly outstanding = new Map<string, number>();
}

/**
 * Hears from Redis itself which keys have changed, whoever changed them: `CLIENT TRACKING ON BCAST` on one link per master.
 *
 * *Armed* means that what is remembered locally may be trusted: for every current master, a probe written through the
 * *command* connection came back through the tracking link, and not more than two intervals have passed since it was
 * sent. That also finds what a PING does not: a link to the wrong master, a minority master, and a link that is late.
 *
 * Listeners of `onReset` forget everything: when trust ends, when it begins anew, and when the server was flushed.
 */
export class Tracking {
  readonly #links = new Map<string, MasterLink>();
  readonly #prefixes = new Set<string>();
  readonly #changeListeners = new Set<(key: string) => void>();
  readonly #resetListeners = new Set<ResetListener>();
  #armedUntil = -Infinity;
  #isArmed = false;
  #wasArmed = false;
  #refusal: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false;

  constructor(private readonly options: TrackingOptions) {}

  /** True while local knowledge may be trusted; asked at each local read. */
  get isArmed(): boolean {
    return this.#isArmed && performance.now() < this.#armedUntil;
  }

  get status(): TrackingStatus {
    if (this.#refusal !== undefined) return 'refused';
    if (this.isArmed) return 'armed';
    return this.#wasArmed ? 'suspended' : 'arming';
  }

  /** Why a server does not tell of changes, while it does not. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Wants to hear of keys with this prefix. Prefixes must not be prefixes of each other. */
  watch(prefix: string): void {
    if (this.#prefixes.has(prefix)) return;
    this.#prefixes.add(prefix);
    for (const { link } of this.#links.values()) link?.renew();
    if (this.options.isConnected()) this.start();
  }

  /** Calls `listener` for each changed, expired or evicted key with a watched prefix. */
  onChange(listener: (key: string) => void): void {
    this.#changeListeners.add(listener);
  }

  onReset(listener: ResetListener): void {
    this.#resetListeners.add(listener);
  }

  /** Opens the links, if there is anything to watch. */
  start(): void {
    if (this.#isStarted || this.#prefixes.size === 0) return;
    this.#isStarted = true;
    this.#tick();
  }

  async close(): Promise<void> {
    this.#isStarted = false;
    clearTimeout(this.#timer);
    const links = [...this.#links.values()];
    this.#links.clear();
    this.#disarm();
    await Promise.all(links.map(({ link }) => link?.close()));
  }

  #tick(): void {
    this.#reconcile();
    for (const [master, state] of this.#links) if (state.isUp) this.#probe(master, state);
    this.#assess();
    this.#schedule(PROBE_INTERVAL_MS);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#isStarted) return;
    this.#timer = setTimeout(() => this.#tick(), ms);
    this.#timer.unref();
  }

  /** One link for each master there is now. */
  #reconcile(): void {
    this.#refusal = undefined;
    const masters = this.options.masters();
    for (const [master, { link }] of this.#links) {
      if (masters.includes(master)) continue;
      this.#links.delete(master);
      void link?.close();
    }
    for (const master of masters) {
      if (this.#links.has(master)) continue;
      const state = new MasterLink();
      this.#links.set(master, state);
      state.link = this.#supervise(master, state);
    }
  }

  #supervise(master: string, state: MasterLink): SupervisedLink {
    const down = () => {
      state.isUp = false;
      state.confirmedAt = -Infinity;
      state.outstanding.clear();
      this.#assess();
    };
    return new SupervisedLink({
      open: () => this.options.open(master),
      establish: (client) => this.#establish(client, state),
      onUp: () => {
        state.isUp = true;
        state.upSince = performance.now();
        this.#probe(master, state);
      },
      watch: (_, pause) => this.#watchLink(state, pause),
      onDown: down,
      onFailed: (error) => this.#failed(master, state, error),
    });
  }

  async #establish(client: Redis, state: MasterLink): Promise<void> {
    client.on('messageBuffer', (_: Buffer, keys: readonly Buffer[] | null) =>
      this.#hear(state, keys),
    );
    const id = await client.client('ID');
    const prefixes = [...this.#prefixes].flatMap((prefix) => ['PREFIX', prefix]);
    await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', ...prefixes);
    await client.subscribe(CHANNEL);
  }

  async #watchLink(state: MasterLink, pause: Pause): Promise<void> {
    while (await pause(PROBE_INTERVAL_MS)) {
      const heardAt = Math.max(state.confirmedAt, state.upSince);
      if (performance.now() - heardAt > GIVE_UP_MS) throw new Error('the probes did not come back');
    }
  }

  /** A server that knows no tracking, or does not allow it, will not change its mind soon. */
  #failed(master: string, state: MasterLink, error: unknown): void {
    if (!(error instanceof Error) || error.name !== 'ReplyError') return;
    this.#refusal = safeMessage(error);
    const { connection, events } = this.options;
    events.emit('tracking.refused', { connection, reason: this.#refusal });
    this.#links.delete(master);
    void state.link?.close();
    this.#schedule(REFUSED_RETRY_MS);
  }

  #probe(master: string, state: MasterLink): void {
    const key = this.options.probeKey(master);
    if (key === undefined) {
      // A master without slots can change nothing.
      state.confirmedAt = performance.now();
      return;
    }
    state.outstanding.set(key, performance.now());
    if (state.outstanding.size > MAX_OUTSTANDING) {
      state.outstanding.delete(state.outstanding.keys().next().value!);
    }
    // A probe that cannot be written does not come back, which is all there is to say about it.
    this.options.writeProbe(key).catch(() => undefined);
  }

  #hear(state: MasterLink, keys: readonly Buffer[] | null): void {
    if (keys === null) {
      this.#reset('flushed');
      return;
    }
    for (const bytes of keys) {
      const key = bytes.toString();
      const sentAt = state.outstanding.get(key);
      if (sentAt === undefined) {
        for (const listener of this.#changeListeners) listener(key);
      } else {
        state.outstanding.delete(key);
        state.confirmedAt = Math.max(state.confirmedAt, sentAt);
        this.#assess();
      }
    }
  }

  /** Recomputes until when local knowledge may be trusted. */
  #assess(): void {
    const now = performance.now();
    // A lapse that no tick noticed is a disarming all the same.
    if (now >= this.#armedUntil) this.#disarm();
    let oldest = this.#links.size === 0 ? -Infinity : Infinity;
    for (const { confirmedAt } of this.#links.values()) oldest = Math.min(oldest, confirmedAt);
    const armedUntil = oldest + TRUST_MS;
    if (now >= armedUntil) return this.#disarm();
    this.#armedUntil = armedUntil;
    if (!this.#isArmed) this.#arm();
  }

  #arm(): void {
    const again = this.#wasArmed;
    this.#isArmed = true;
    this.#wasArmed = true;
    this.#reset(again ? 'rearmed' : 'armed');
    this.options.events.emit('tracking.armed', { connection: this.options.connection });
  }

  #disarm(): void {
    if (!this.#isArmed) return;
    const endedAt = Math.min(this.#armedUntil, performance.now());
    this.#isArmed = false;
    this.#armedUntil = -Infinity;
    this.#reset('disarmed', endedAt);
    this.options.events.emit('tracking.suspended', { connection: this.options.connection });
  }

  #reset(cause: ResetCause, at = performance.now()): void {
    for (const listener of this.#resetListeners) listener(cause, at);
  }
}
