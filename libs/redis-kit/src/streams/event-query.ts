import type { LoggedEvent, StoredEvent } from './event.js';
import type { LogGap, LogPosition } from './log-position.js';

/**
 * A read that has not begun: awaited, it is a list; walked by `for await`, it is read page by page, however long the
 * stream is.
 */
export class EventQuery<Data = unknown>
  implements PromiseLike<StoredEvent<Data>[]>, AsyncIterable<StoredEvent<Data>>
{
  constructor(private readonly pages: () => AsyncGenerator<StoredEvent<Data>[], void, void>) {}

  // oxlint-disable-next-line unicorn/no-thenable -- It is there to be awaited.
  then<A = StoredEvent<Data>[], B = never>(
    fulfilled?: ((events: StoredEvent<Data>[]) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#all().then(fulfilled, rejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StoredEvent<Data>, void, void> {
    for await (const page of this.pages()) yield* page;
  }

  async #all(): Promise<StoredEvent<Data>[]> {
    const all: StoredEvent<Data>[] = [];
    for await (const page of this.pages()) for (const event of page) all.push(event);
    return all;
  }
}

/** Some events of categories. */
export interface LogPage<Data = unknown> {
  readonly events: readonly LoggedEvent<Data>[];
  /** Where the next read begins. */
  readonly position: LogPosition;
  /** Events that the reader of the given position did not get. */
  readonly gaps: readonly LogGap[];
  /** There was nothing more at that moment. */
  readonly isEnd: boolean;
}

/** A read of categories: awaited, it is one page; walked by `for await`, it goes on to the end. */
export class LogQuery<Data = unknown>
  implements PromiseLike<LogPage<Data>>, AsyncIterable<LoggedEvent<Data>>
{
  constructor(
    private readonly from: LogPosition,
    private readonly page: (from: LogPosition) => Promise<LogPage<Data>>,
  ) {}

  // oxlint-disable-next-line unicorn/no-thenable -- It is there to be awaited.
  then<A = LogPage<Data>, B = never>(
    fulfilled?: ((page: LogPage<Data>) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.page(this.from).then(fulfilled, rejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LoggedEvent<Data>, void, void> {
    let from = this.from;
    for (;;) {
      const page = await this.page(from);
      yield* page.events;
      if (page.isEnd) return;
      from = page.position;
    }
  }
}
