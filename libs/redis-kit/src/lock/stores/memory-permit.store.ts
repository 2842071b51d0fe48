import type { LockProcess } from '../lock-process.js';
import { answerOf, touchAnswerOf } from '../permit-answers.js';
import type { PermitKind } from '../permit.keys.js';
import { PermitLedger } from '../permit-ledger.js';
import type { PermitState } from '../permit.scripts.js';
import type {
  AcquireAnswer,
  AcquireRequest,
  HoldKind,
  Renewal,
  RenewalTerm,
  TouchAnswer,
} from './hold-store.js';
import { MemoryLatchStore } from './memory-latch.store.js';
import { detailOf, PermitStore, type SharedStores } from './permit-store.js';

const HEARTBEATS_TO_LIVE = 3;

/** The permits that the processes of one memory share. */
export class MemoryPermits {
  readonly latches = new MemoryLatchStore();
  readonly #ledgers = new Map<string, PermitLedger>();
  readonly #processes = new Map<string, LockProcess>();

  ledger(kind: PermitKind, name: string): PermitLedger {
    const key = `${kind}:${name}`;
    let ledger = this.#ledgers.get(key);
    if (!ledger) this.#ledgers.set(key, (ledger = new PermitLedger(nowInMicroseconds, this.#tell)));
    return ledger;
  }

  /** For one of the processes. */
  storesFor(process: LockProcess): SharedStores {
    this.#processes.set(process.id, process);
    const store = (kind: HoldKind, keysOf: PermitKind) =>
      new MemoryPermitStore(kind, keysOf, this, process);
    return {
      semaphores: store('semaphore', 'semaphore'),
      readers: store('read', 'read-write'),
      writers: store('write', 'read-write'),
      latches: this.latches,
    };
  }

  readonly #tell = (processId: string, id: string, fence: number): boolean => {
    const process = this.#processes.get(processId);
    if (!process) return false;
    const { claimMs } = process.options;
    queueMicrotask(() => process.granted({ id, fence, claimMs }));
    return true;
  };
}

/** Permits in memory, by the same rules as in Redis. */
export class MemoryPermitStore extends PermitStore {
  constructor(
    readonly kind: HoldKind,
    private readonly keysOf: PermitKind,
    private readonly permits: MemoryPermits,
    private readonly process: LockProcess,
  ) {
    super();
  }

  async take(): Promise<undefined> {
    return undefined;
  }

  async acquire(name: string, request: AcquireRequest): Promise<AcquireAnswer> {
    const { id } = request;
    const ledger = this.#ledger(name);
    const answer = ledger.acquire({ ...this.#terms(id), ...request, aliveMs: this.#aliveMs });
    return answerOf(name, id, answer);
  }

  async handBack(): Promise<boolean> {
    return false;
  }

  async release(name: string, id: string, tombstone: boolean): Promise<boolean> {
    return this.#ledger(name).release(this.#terms(id), id, tombstone);
  }

  async touch(name: string, ids: readonly string[]): Promise<TouchAnswer> {
    const terms = this.#terms(ids[0] ?? '');
    return touchAnswerOf(this.#ledger(name).touch(terms, this.process.id, this.#aliveMs, ids));
  }

  async renew(terms: readonly RenewalTerm[]): Promise<readonly Renewal[]> {
    const answers: Renewal[] = [];
    for (const { name, id, leaseMs } of terms) {
      const [code] = this.#ledger(name).renew(this.#terms(id), [[id, leaseMs]]);
      answers.push(code === 1 ? 'renewed' : code === -2 ? 'expired' : 'gone');
    }
    return answers;
  }

  /** There are no replicas, and nothing that could be lost without them. */
  async replicate(term: RenewalTerm, replicas: number): Promise<number | undefined> {
    const [renewal] = await this.renew([term]);
    return renewal === 'renewed' ? replicas : undefined;
  }

  groupOf(name: string): string {
    return name;
  }

  async state(name: string, limit: number): Promise<PermitState> {
    const { claimMs } = this.process.options;
    return this.#ledger(name).touch({ limit, claimMs }, undefined, 0, []);
  }

  async resize(name: string, limit: number, permits: number | undefined): Promise<PermitState> {
    const { claimMs } = this.process.options;
    return this.#ledger(name).resize({ limit, claimMs }, permits);
  }

  async exchange(name: string, id: string, lighterId: string): Promise<boolean> {
    return this.#ledger(name).exchange(this.#terms(id), id, lighterId);
  }

  get #aliveMs(): number {
    return this.process.options.heartbeatMs * HEARTBEATS_TO_LIVE;
  }

  #terms(id: string) {
    return { limit: detailOf(id).limit, claimMs: this.process.options.claimMs };
  }

  #ledger(name: string): PermitLedger {
    return this.permits.ledger(this.keysOf, name);
  }
}

const nowInMicroseconds = (): number =>
  Math.floor((performance.timeOrigin + performance.now()) * 1_000);
