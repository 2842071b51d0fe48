import { LatchStore, type LatchTerms } from './latch-store.js';

interface State {
  readonly ids: Set<string>;
  /** On the monotonic clock. */
  expiry: number;
}

/** Latches in the memory of this process. */
export class MemoryLatchStore extends LatchStore {
  readonly #states = new Map<string, State>();
  readonly #listeners = new Map<string, Set<() => void>>();

  async countDown(name: string, { count, ttlMs }: LatchTerms, id: string): Promise<number> {
    const state = this.#state(name) ?? { ids: new Set(), expiry: 0 };
    this.#states.set(name, state);
    if (!state.ids.has(id)) {
      state.ids.add(id);
      state.expiry = performance.now() + ttlMs;
    }
    const missing = Math.max(0, count - state.ids.size);
    if (missing === 0) for (const listener of this.#listeners.get(name) ?? []) listener();
    return missing;
  }

  async missing(name: string, { count }: LatchTerms): Promise<number> {
    return Math.max(0, count - (this.#state(name)?.ids.size ?? 0));
  }

  listen(name: string, onOpen: () => void): { close(): void } {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(onOpen));
    return {
      close: () => {
        listeners.delete(onOpen);
        if (listeners.size === 0 && this.#listeners.get(name) === listeners) {
          this.#listeners.delete(name);
        }
      },
    };
  }

  #state(name: string): State | undefined {
    const state = this.#states.get(name);
    if (!state || state.expiry > performance.now()) return state;
    this.#states.delete(name);
    return undefined;
  }
}
