import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { KeySpace } from '../../core/key-space.js';
import { runScript } from '../../core/scripts/script-runner.js';
import { lockChannelsPrefix } from '../lock.keys.js';
import type { LockProcess } from '../lock-process.js';
import { answerOf, touchAnswerOf } from '../permit-answers.js';
import { permitKeys } from '../permit-key-set.js';
import type { PermitKind } from '../permit.keys.js';
import {
  acquirePermits,
  exchangePermits,
  releasePermits,
  renewPermits,
  resizePermits,
  touchPermits,
  type PermitState,
} from '../permit.scripts.js';
import type {
  AcquireAnswer,
  AcquireRequest,
  HoldKind,
  Renewal,
  RenewalTerm,
  TouchAnswer,
} from './hold-store.js';
import { detailOf, PermitStore } from './permit-store.js';
import { RedisScripts } from './redis-scripts.js';

const RENEWALS = new Map<number, Renewal>([
  [1, 'renewed'],
  [-2, 'expired'],
]);

/** Permits in Redis: one script set for semaphores and for both sides of read/write locks. */
export class RedisPermitStore extends PermitStore {
  readonly #redis: RedisScripts;

  constructor(
    readonly kind: HoldKind,
    private readonly keysOf: PermitKind,
    connection: RedisConnection,
    private readonly keySpace: KeySpace,
    private readonly process: LockProcess,
  ) {
    super();
    this.#redis = new RedisScripts(connection, process, lockChannelsPrefix(keySpace));
  }

  /** There is no cheaper way than `acquire`. */
  async take(): Promise<undefined> {
    return undefined;
  }

  async acquire(name: string, request: AcquireRequest): Promise<AcquireAnswer> {
    const { id, leaseMs, waits, ticket } = request;
    const answer = await this.#redis.run(acquirePermits, this.#keys(name), {
      ...this.#terms(id),
      id,
      leaseMs,
      waits: waits ? 1 : 0,
      ticket: ticket ?? '',
      aliveMs: this.#redis.aliveMs,
    });
    return answerOf(name, id, answer);
  }

  async handBack(): Promise<boolean> {
    return false;
  }

  release(name: string, id: string, tombstone: boolean): Promise<boolean> {
    const args = { ...this.#terms(id), id, tombstone: tombstone ? 1 : 0 };
    return this.#redis.run(releasePermits, this.#keys(name), args);
  }

  async touch(name: string, ids: readonly string[]): Promise<TouchAnswer> {
    return touchAnswerOf(
      await this.#redis.run(touchPermits, this.#keys(name), {
        ...this.#terms(ids[0] ?? ''),
        process: this.process.id,
        aliveMs: this.#redis.aliveMs,
        ids,
      }),
    );
  }

  async renew(terms: readonly RenewalTerm[]): Promise<readonly Renewal[]> {
    const [first] = terms;
    if (!first) return [];
    const answers = await this.#redis.run(renewPermits, this.#keys(first.name), {
      ...this.#terms(first.id),
      terms: terms.flatMap(({ id, leaseMs }) => [id, leaseMs]),
    });
    return answers.map((code) => RENEWALS.get(code) ?? 'gone');
  }

  replicate(term: RenewalTerm, replicas: number, timeoutMs: number): Promise<number | undefined> {
    const keys = this.#keys(term.name);
    const args = { ...this.#terms(term.id), terms: [term.id, term.leaseMs] };
    return this.#redis.replicate(keys.holders, replicas, timeoutMs, async (client) => {
      const [code] = await runScript(client, renewPermits, keys, args);
      return code === 1;
    });
  }

  groupOf(name: string): string {
    return name;
  }

  state(name: string, limit: number): Promise<PermitState> {
    const args = { ...this.#redis.handOver, limit, process: '', aliveMs: 0, ids: [] };
    return this.#redis.run(touchPermits, this.#keys(name), args);
  }

  resize(name: string, limit: number, permits: number | undefined): Promise<PermitState> {
    const args = { ...this.#redis.handOver, limit, permits: permits ?? 0 };
    return this.#redis.run(resizePermits, this.#keys(name), args);
  }

  exchange(name: string, id: string, lighterId: string): Promise<boolean> {
    const args = { ...this.#terms(id), id, lighterId };
    return this.#redis.run(exchangePermits, this.#keys(name), args);
  }

  #terms(id: string) {
    return { ...this.#redis.handOver, limit: detailOf(id).limit };
  }

  #keys(name: string) {
    return permitKeys(this.keySpace, this.keysOf, name);
  }
}
