/** What is held: a lock, permits of a semaphore, or one side of a read/write lock. */
export type HoldKind = 'mutex' | 'semaphore' | 'read' | 'write';

export interface AcquireRequest {
  /** `<process>~<number>~<detail>`, new for every acquisition and every time it queues again. */
  readonly id: string;
  readonly leaseMs: number;
  /** Whether it queues when it cannot be had at once. */
  readonly waits: boolean;
  /** The place it had in the queue before; undefined: the end. */
  readonly ticket: number | undefined;
}

export type AcquireAnswer =
  | { readonly outcome: 'granted'; readonly fence: number }
  | {
      readonly outcome: 'queued';
      readonly ticket: number;
      /** Milliseconds until it is free, unless it is renewed or given back. */
      readonly freeInMs: number;
      readonly holderAgeMs: number;
    }
  | { readonly outcome: 'held'; readonly freeInMs: number; readonly holderAgeMs: number }
  /** The id was given back before this request arrived. */
  | { readonly outcome: 'cancelled' }
  /** The id was granted, and its time ran out. */
  | { readonly outcome: 'lapsed' };

export interface TouchAnswer {
  readonly freeInMs: number;
  readonly holderAgeMs: number;
  /** What is left of a granted lease, in milliseconds. */
  readonly leaseLeftMs: number;
  /** For each id its fence when it was granted, `0` while it waits, `-1` when it is not known. */
  readonly standings: readonly number[];
}

/** What became of a lease that was to be renewed. */
export type Renewal = 'renewed' | 'gone' | 'stolen' | 'expired';

export interface RenewalTerm {
  readonly name: string;
  readonly id: string;
  readonly leaseMs: number;
}

/**
 * Where holders and waiters of one kind are kept, and how it is asked. Each method is one step that is done as a whole or
 * not at all; each may be repeated with the same id.
 */
export abstract class HoldStore {
  abstract readonly kind: HoldKind;

  /** Takes what is free and nobody waits for, in the cheapest way. Answers the fence; undefined: ask `acquire`. */
  abstract take(name: string, id: string, leaseMs: number): Promise<number | undefined>;

  abstract acquire(name: string, request: AcquireRequest): Promise<AcquireAnswer>;

  /** The counterpart of `take`, with the fence that it answered; false: ask `release`. */
  abstract handBack(name: string, id: string, fence: number): Promise<boolean>;

  /**
   * Gives back what is held, or the place in the queue. `tombstone`: a request of this id may still arrive, and is to be
   * refused then. Answers whether it was held until now.
   */
  abstract release(name: string, id: string, tombstone: boolean): Promise<boolean>;

  abstract touch(name: string, ids: readonly string[]): Promise<TouchAnswer>;

  /** Renews leases of one `groupOf`, at most 100. */
  abstract renew(terms: readonly RenewalTerm[]): Promise<readonly Renewal[]>;

  /**
   * Renews one lease and counts the replicas that confirmed it, within the given time. undefined: it is not held.
   */
  abstract replicate(
    term: RenewalTerm,
    replicas: number,
    timeoutMs: number,
  ): Promise<number | undefined>;

  /** Names of one group can be renewed together. */
  abstract groupOf(name: string): string | number;
}

/** A waiter was granted what it waits for, for the time of a claim. */
export interface Grant {
  readonly id: string;
  readonly fence: number;
  readonly claimMs: number;
}
