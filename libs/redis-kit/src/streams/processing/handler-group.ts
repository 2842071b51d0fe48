import type { RedisKitEvents } from '../../core/events.js';
import { safeMessage } from '../../core/redact.js';
import type { LoggedEvent } from '../event.js';
import type { EventCodec } from '../event-codec.js';
import type { BurialReason, GroupEntry, GroupPlace } from '../stores/group-storage.js';

/** Handles an event; when it throws or rejects, it is called again. */
export type EventHandler = (event: LoggedEvent) => unknown;

/** One handler of a group. */
export interface Handler {
  /** Undefined: every type. */
  readonly types: ReadonlySet<string> | undefined;
  readonly run: EventHandler;
}

export interface GroupTerms {
  readonly category: string;
  readonly stream: string | undefined;
  readonly group: string;
  readonly from: 'start' | 'end';
  readonly concurrency: number;
  /** How often the handling of an event begins before it is a dead letter. */
  readonly attempts: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/** How the handling of an event ended. */
export type Verdict =
  | { readonly outcome: 'handled' }
  | { readonly outcome: 'failed'; readonly message: string }
  | { readonly outcome: 'hopeless'; readonly reason: BurialReason; readonly message: string };

/** All handlers of one group: an event is handled when each of them that wants it has handled it. */
export class HandlerGroup {
  readonly handlers: Handler[] = [];
  /** Handlers that are done with an event whose others failed. */
  readonly #done = new WeakMap<object, Set<Handler>>();

  constructor(
    readonly terms: GroupTerms,
    private readonly codec: EventCodec,
    private readonly events: RedisKitEvents,
  ) {}

  async handle(at: GroupPlace, { event }: GroupEntry): Promise<Verdict> {
    const { type } = event!;
    const wanted = this.handlers.filter(({ types }) => types === undefined || types.has(type));
    if (wanted.length === 0) return { outcome: 'handled' };
    let decoded: LoggedEvent;
    try {
      decoded = await this.codec.decodeEntry(at, event!);
    } catch (error) {
      return { outcome: 'hopeless', reason: 'undecodable', message: safeMessage(error) };
    }
    const done = this.#done.get(event!) ?? new Set();
    const startedAt = performance.now();
    for (const handler of wanted) {
      if (done.has(handler)) continue;
      try {
        await handler.run(decoded);
      } catch (error) {
        this.#done.set(event!, done);
        return { outcome: 'failed', message: safeMessage(error) };
      }
      done.add(handler);
    }
    if (this.events.has('stream.handled')) {
      const { category, group } = this.terms;
      const durationMs = performance.now() - startedAt;
      this.events.emit('stream.handled', { category, group, type, durationMs });
    }
    return { outcome: 'handled' };
  }

  /** Exponential, with jitter on its upper half. */
  pauseAfter(attempts: number): number {
    const { backoffMs, maxBackoffMs } = this.terms;
    const ceiling = Math.min(backoffMs * 2 ** Math.min(attempts - 1, 30), maxBackoffMs);
    return Math.round(ceiling / 2 + (Math.random() * ceiling) / 2);
  }
}
