import type { EventCodec } from '../event-codec.js';
import type { StoredEvent } from '../event.js';
import type { Partitions } from '../partitions.js';
import { START } from '../stores/event-storage.js';
import type { BurialReason, GroupPlace, GroupStorage, RawLetter } from '../stores/group-storage.js';
import { StreamArgumentError } from '../streams.errors.js';
import { resolveHandlerOptions } from './handler.options.js';

/** Whose dead letters. */
export interface DeadLetterSource {
  readonly category?: string | undefined;
  readonly stream?: string | undefined;
  readonly group: string;
}

/** An event that a group gave up. */
export interface DeadLetter {
  /** Of the dead letter: `<partition>:<id>`. */
  readonly id: string;
  readonly reason: BurialReason;
  /** What the handler threw last, or why the payload cannot be read. */
  readonly message: string;
  readonly attempts: number;
  readonly buriedAt: Date;
  readonly eventId: string;
  readonly type: string;
  readonly stream: string;
  readonly version: number;
  /** The event; undefined when its payload cannot be read. */
  readonly event: StoredEvent | undefined;
}

export interface DeadLetterSummary {
  readonly count: number;
  /** How long the oldest has been there; undefined: there is none. */
  readonly oldestMs: number | undefined;
}

const PAGE = 100;
const LETTER_ID = /^(\d{1,4}):(\d{1,15}-\d{1,15})$/;

/** What groups gave up: to look at, to send back once the reason is mended, or to throw away. */
export class DeadLetters {
  /** @internal Nest makes it. */
  constructor(
    private readonly groups: GroupStorage,
    private readonly partitions: Partitions,
    private readonly codec: EventCodec,
  ) {}

  /** How many there are, and how old the oldest is. */
  async summary(source: DeadLetterSource): Promise<DeadLetterSummary> {
    const statuses = await Promise.all(
      (await this.#places(source)).map((at) => this.groups.status(at)),
    );
    const ages = statuses
      .filter(({ oldestDeadLetter }) => oldestDeadLetter !== '')
      .map(({ oldestDeadLetter, serverMs }) => serverMs - Number.parseInt(oldestDeadLetter, 10));
    return {
      count: statuses.reduce((sum, { deadLetters }) => sum + deadLetters, 0),
      oldestMs: ages.length > 0 ? Math.max(0, ...ages) : undefined,
    };
  }

  /** The oldest of each partition, after one that an earlier list ended with. */
  async list(
    source: DeadLetterSource,
    { after, limit = PAGE }: { readonly after?: string; readonly limit?: number } = {},
  ): Promise<DeadLetter[]> {
    const [partition, id] = after === undefined ? [-1, START] : parse(after);
    const found: DeadLetter[] = [];
    for (const at of await this.#places(source)) {
      if (at.partition < partition || found.length >= limit) continue;
      const from = at.partition === partition ? id : START;
      const letters = await this.groups.letters(at, from, limit - found.length);
      found.push(...(await Promise.all(letters.map((letter) => this.#open(at, letter)))));
    }
    return found;
  }

  /** One of them; undefined when it is not there any more. */
  async get(source: DeadLetterSource, id: string): Promise<DeadLetter | undefined> {
    const [partition, letterId] = parse(id);
    const at = (await this.#places(source)).find((place) => place.partition === partition);
    const letter = at && (await this.groups.letter(at, letterId));
    return letter && this.#open(at, letter);
  }

  /** Hands them to the group again, with all their attempts. They come after what was handled since. Answers how many. */
  replay(source: DeadLetterSource, ids: 'all' | readonly string[]): Promise<number> {
    return this.#each(source, ids, (at, some) => this.groups.replay(at, some));
  }

  /** Throws them away. Answers how many. */
  discard(source: DeadLetterSource, ids: 'all' | readonly string[]): Promise<number> {
    return this.#each(source, ids, (at, some) => this.groups.discard(at, some));
  }

  async #each(
    source: DeadLetterSource,
    ids: 'all' | readonly string[],
    act: (at: GroupPlace, ids: string[]) => Promise<number>,
  ): Promise<number> {
    const chosen = ids === 'all' ? undefined : ids.map((id) => parse(id));
    let count = 0;
    for (const at of await this.#places(source)) {
      if (chosen) {
        const own = chosen.filter(([partition]) => partition === at.partition);
        if (own.length > 0)
          count += await act(
            at,
            own.map(([, id]) => id),
          );
        continue;
      }
      for (let after = START; ;) {
        const letters = await this.groups.letters(at, after, PAGE);
        if (letters.length === 0) break;
        after = letters.at(-1)!.id;
        count += await act(
          at,
          letters.map(({ id }) => id),
        );
      }
    }
    return count;
  }

  async #open(at: GroupPlace, letter: RawLetter): Promise<DeadLetter> {
    const { id, reason, message, attempts, buriedAtMs } = letter;
    const { id: eventId, type, stream, version } = letter.event;
    return {
      id: `${at.partition}:${id}`,
      ...{ reason, message, attempts, eventId, type, stream, version },
      buriedAt: new Date(buriedAtMs),
      event: await this.codec.decode(letter.event).catch(() => undefined),
    };
  }

  async #places(source: DeadLetterSource): Promise<GroupPlace[]> {
    const { terms } = resolveHandlerOptions(source, 'DeadLetters');
    const { category, stream, group } = terms;
    const places =
      stream === undefined
        ? await this.partitions.places(category)
        : [(await this.partitions.find(stream)).place];
    return places.map(({ partition }) => ({ category, partition, group, stream }));
  }
}

function parse(id: string): readonly [partition: number, id: string] {
  const [, partition, letterId] = LETTER_ID.exec(id) ?? [];
  if (partition !== undefined) return [Number(partition), letterId!];
  throw new StreamArgumentError(
    'That is not the id of a dead letter: use one that a list answered.',
  );
}
