import type { LimitBlock } from '../limit.js';

interface Block {
  readonly endsAt: number;
  readonly length: number;
  readonly level: number;
  readonly forgottenAt: number;
}

/** The blocks of one tracker, in memory, by the same rules as the scripts. Times are microseconds. */
export class MemoryBlocks {
  readonly #byName = new Map<string, Block>();

  /** How much longer a policy is blocked. */
  remaining(name: string, now: number): number {
    const blocks = [this.#byName.get('*'), this.#byName.get(name)];
    return Math.max(
      0,
      ...blocks.map((block) => (block ? Math.min(block.endsAt - now, block.length) : 0)),
    );
  }

  forget(now: number): void {
    for (const [name, { forgottenAt }] of this.#byName) {
      if (forgottenAt <= now) this.#byName.delete(name);
    }
  }

  blockAll(now: number, lengthUs: number): void {
    this.#byName.set('*', {
      endsAt: now + lengthUs,
      length: lengthUs,
      level: 0,
      forgottenAt: now + lengthUs,
    });
  }

  /** Begins the next block of a policy, and answers how long it lasts. */
  raise(name: string, now: number, { forMs, factor, maxMs, forgetAfterMs }: LimitBlock): number {
    const level = this.#byName.get(name)?.level ?? 0;
    const lengthUs = Math.min(forMs * 1_000 * factor ** level, maxMs * 1_000);
    const endsAt = now + lengthUs;
    this.#byName.set(name, {
      endsAt,
      length: lengthUs,
      level: level + 1,
      forgottenAt: endsAt + forgetAfterMs * 1_000,
    });
    return lengthUs;
  }
}
