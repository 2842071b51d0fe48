import { UNAVAILABLE, type Budget } from '../../core/failsafe/failsafe.js';

/** An answer, or the word that the store could not be asked in time. */
export type Answer<T> = Promise<T | typeof UNAVAILABLE>;

/** One step of a batch; each concerns one key. */
export type StoreCommand = { readonly key: string } & (
  | { readonly type: 'create' | 'write'; readonly bytes: Buffer; readonly ttlMs: number }
  | {
      readonly type: 'replace';
      readonly header: Buffer;
      readonly bytes: Buffer;
      readonly ttlMs: number;
    }
);

/** What was asked of the store, per key; `UNAVAILABLE` for those whose server did not answer. */
export type Answers<T> = Promise<(T | typeof UNAVAILABLE)[]>;

/** Hears how many entries a removal by pattern has removed so far. */
export type RemovalListener = (removed: number) => void;

/**
 * Where a cache keeps its entries and tokens, as bytes by key. What any store must do is written down as a contract suite
 * (`testing/contracts/cache-store.contract.ts`).
 *
 * Methods with a budget may answer `UNAVAILABLE`; then they had no effect, or one that the caller's header fences.
 * Methods with a deadline throw instead: they carry invalidations, which are never lost silently.
 */
export abstract class CacheStore {
  /** The bytes under each key, null where there are none. Never read from a replica. */
  abstract read(keys: readonly string[], budget: Budget): Answer<(Buffer | null)[]>;

  /** Puts bytes under a key, whatever is there. */
  abstract write(key: string, bytes: Buffer, ttlMs: number, budget: Budget): Answer<void>;

  /** Puts bytes where nothing is; answers null when they now stand, or the bytes that were there first. */
  abstract create(key: string, bytes: Buffer, ttlMs: number, budget: Budget): Answer<Buffer | null>;

  /** Puts bytes in the place of exactly the entry with this header; false when it is not there. */
  abstract replace(
    key: string,
    header: Buffer,
    bytes: Buffer,
    ttlMs: number,
    budget: Budget,
  ): Answer<boolean>;

  /** Removes exactly the entry with this header. */
  abstract removeExactly(key: string, header: Buffer, budget: Budget): Answer<boolean>;

  /** Makes a key live at least this long from now; never shortens its life. */
  abstract extend(key: string, ttlMs: number, budget: Budget): Answer<void>;

  /** Milliseconds until a key expires; not above 0 when there is none, or it does not expire. */
  abstract life(key: string, budget: Budget): Answer<number>;

  /** Puts bytes under a key, or throws. */
  abstract put(key: string, bytes: Buffer, ttlMs: number, deadlineMs: number): Promise<void>;

  /** Removes whatever is under these keys, which share a hash tag, or throws; true when there was something. */
  abstract remove(keys: readonly string[], deadlineMs: number): Promise<boolean>;

  /**
   * Makes a value stale from now on, or throws; what has no time to be stale in is removed, and leases are, too. True
   * when there was something.
   */
  abstract expire(key: string, deadlineMs: number): Promise<boolean>;

  /** The clock that staleness is counted by, in milliseconds: the same for all who share the store. */
  abstract now(budget: Budget): Answer<number>;

  /** Every key that matches a glob of Redis, some at a time, or throws; one may come twice. */
  abstract keys(glob: string, deadlineMs: number): AsyncIterable<readonly string[]>;

  /**
   * Removes every key that matches a glob of Redis, or throws.
   *
   * @param onStep hears the count after every step, and last of all before this throws.
   * @returns how many were removed.
   */
  abstract removeMatching(
    glob: string,
    deadlineMs: number,
    onStep: RemovalListener,
  ): Promise<number>;

  /** Like `read`, for any number of keys: one server that is away takes only its own keys with it. */
  async readMany(keys: readonly string[], budget: Budget): Answers<Buffer | null> {
    const read = await this.read(keys, budget);
    return read === UNAVAILABLE ? keys.map(() => UNAVAILABLE) : read;
  }

  /** Carries out steps on different keys, in no order; true where one did what it says, and a `create` now stands. */
  async batch(commands: readonly StoreCommand[], budget: Budget): Answers<boolean> {
    return Promise.all(commands.map((command) => this.#step(command, budget)));
  }

  /** Lets go of what the store itself has opened. */
  close(): void {
    // Most have opened nothing.
  }

  async #step(command: StoreCommand, budget: Budget): Answer<boolean> {
    const { key } = command;
    switch (command.type) {
      case 'create': {
        const standing = await this.create(key, command.bytes, command.ttlMs, budget);
        return standing === UNAVAILABLE ? UNAVAILABLE : standing === null;
      }
      case 'write': {
        const written = await this.write(key, command.bytes, command.ttlMs, budget);
        return written === UNAVAILABLE ? UNAVAILABLE : true;
      }
      case 'replace':
        return this.replace(key, command.header, command.bytes, command.ttlMs, budget);
    }
  }
}
