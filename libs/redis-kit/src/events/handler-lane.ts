import type { EventGap } from './gap.js';
import type { IncomingEvent } from './incoming-event.js';

/** A gap that a handler is told once, however many lanes it has. */
export interface PendingGap {
  gap: EventGap;
  tell(): unknown;
}

type Item = { readonly event: IncomingEvent } | { readonly pending: PendingGap };

export interface LaneDuties {
  /** Most events that wait. */
  readonly limit: number;
  readonly whenFull: 'drop-oldest' | 'drop-newest';
  handle(event: IncomingEvent): unknown;
  /** An event fell out. Returns what the handler is told in its place, if anything. */
  dropped(event: IncomingEvent): PendingGap | undefined;
}

/** What a handler does one after the other, and what waits for its turn, up to a limit. */
export class HandlerLane {
  readonly #waiting: Item[] = [];
  readonly #onIdle: (() => void)[] = [];
  #isBusy = false;

  constructor(private readonly duties: LaneDuties) {}

  get limit(): number {
    return this.duties.limit;
  }

  /** How many events could be added before some fall out. */
  get room(): number {
    return this.duties.limit - this.#waiting.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  add(event: IncomingEvent): void {
    if (this.#isBusy && this.#waiting.length >= this.duties.limit) this.#dropFor(event);
    else this.#push({ event });
  }

  addGap(pending: PendingGap): void {
    this.#push({ pending });
  }

  /** Resolves when nothing is at work and nothing waits. */
  idle(): Promise<void> {
    if (!this.#isBusy) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #push(item: Item): void {
    this.#waiting.push(item);
    if (!this.#isBusy) this.#run();
  }

  /** The gap stands where the events would have been. */
  #dropFor(event: IncomingEvent): void {
    const at =
      this.duties.whenFull === 'drop-oldest'
        ? this.#waiting.findIndex((item) => 'event' in item)
        : this.#waiting.length;
    const oldest = this.#waiting[at];
    const dropped = oldest && 'event' in oldest ? oldest.event : event;
    const pending = this.duties.dropped(dropped);
    const before = this.#waiting[at - 1];
    if (pending && before && 'pending' in before && before.pending.gap.reason === 'overflow') {
      before.pending.gap = { ...before.pending.gap, to: pending.gap.to };
      this.#waiting.splice(at, 1);
    } else {
      this.#waiting.splice(at, 1, ...(pending ? [{ pending }] : []));
    }
    if (dropped !== event) this.#waiting.push({ event });
  }

  readonly #run = (): void => {
    this.#isBusy = true;
    for (let item = this.#waiting.shift(); item; item = this.#waiting.shift()) {
      const outcome = 'event' in item ? this.duties.handle(item.event) : item.pending.tell();
      if (isThenable(outcome)) {
        outcome.then(this.#run, this.#run);
        return;
      }
    }
    this.#isBusy = false;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  };
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
