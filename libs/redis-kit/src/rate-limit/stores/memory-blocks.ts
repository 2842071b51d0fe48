import type { LimitBlock } from '../limit.js';

interface Block {
  readonly endsAt: number;
  readonly level: number;
  readonly forgottenAt: number;
}

/** The blocks of one tracker, in memory, by the same rules as the scripts. Times are microseconds. */
export class MemoryBlocks {
  readonly #byName = new Map<string, Block>();

  /** The time when none means anything any more. */
  get endsAt(): number {
    return Math.max(0, ...[...this.#byName.values()].map(({ forgottenAt }) => forgottenAt));
  }

  until(name: string): number {
    return Math.max(this.#byName.get('*')?.endsAt ?? 0, this.#byName.get(name)?.endsAt ?? 0);
  }

  forget(now: number): void {
    for (const [name, { forgottenAt }] of this.#byName) {
      if (forgottenAt <= now) this.#byName.delete(name);
    }
  }

  blockAll(now: number, lengthUs: number): void {
    this.#byName.set('*', { endsAt: now + lengthUs, level: 0, forgottenAt: now + lengthUs });
  }

  /** Begins the next block of a policy, and answers how long it lasts. */
  raise(name: string, now: number, { forMs, factor, maxMs, forgetAfterMs }: LimitBlock): number {
    const level = this.#byName.get(name)?.level ?? 0;
    const lengthUs = Math.min(forMs * 1_000 * factor ** level, maxMs * 1_000);
    const endsAt = now + lengthUs;
    this.#byName.set(name, {
      endsAt,
      level: level + 1,
      forgottenAt: endsAt + forgetAfterMs * 1_000,
    });
    return lengthUs;
  }
}
