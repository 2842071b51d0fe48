import { deferred } from '../core/deferred.js';
import { compareIds, isEntryId, START } from './event-id.js';
import type { KeptEntry, Missed } from './events.scripts.js';
import type { EventGap, EventGapReason } from './gap.js';

/** Ids remembered of a line, to know again what was seen: more than any link brings late. */
const REMEMBERED = 2_000;
/** Live messages held back while the history is read. What finds no place is read once more. */
const MOST_HELD_BACK = 1_000;
/** Reads after which live messages that the history does not know are taken as they came. */
const MOST_ROUNDS = 3;
/** Silence of this share of the retention may mean that the history has expired, as it should. */
const EXPIRY_SHARE = 0.9;

export interface LineDuties {
  /** Entries of one read. */
  page(): number;
  /** Reads what came after the cursor or, without one, where the history ends. Rejects when Redis does not answer. */
  read(cursor: string | undefined, count: number): Promise<Missed>;
  /** Resolves when the handlers can take so many events. */
  room(events: number): Promise<void>;
  deliver(entry: KeptEntry): void;
  gap(gap: EventGap): void;
  /** So many events were read from the history because they had not come live. */
  recovered(events: number, durationMs: number): void;
}

/**
 * Follows one line of events: hands on each entry of its history once and in order, whether it comes live or has to be
 * read, and says where it cannot prove that nothing is missing.
 *
 * Each entry names the one before it. One that does not continue what was seen last shows that something was missed; the
 * history is then read from there. Silence shows nothing, so silent lines are looked up from time to time.
 */
export class LineFollower {
  /** The entry up to which everything was handed on. */
  #cursor: string | undefined;
  readonly #seen = new Set<string>();
  readonly #begun = deferred<void>();
  #heldBack: KeptEntry[] = [];
  #fellOut = false;
  /** The next entry read may continue anything: what is missing before it was told already. */
  #startsAnywhere = false;
  #reading: Promise<void> | undefined;
  #isStopped = false;
  #heardAt = performance.now();
  /** Messages came since the last check: the line has shown by itself that it is whole. */
  #isFlowing = false;

  constructor(
    private readonly partition: number,
    private readonly retentionMs: number,
    private readonly duties: LineDuties,
  ) {}

  /** Resolves when it knows where it stands: from then on nothing goes missing unnoticed. */
  async begin(): Promise<void> {
    await this.catchUp();
    if (this.#cursor === undefined) await this.#begun.promise;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** A message came. */
  live(entry: KeptEntry): void {
    // What cannot be an entry says nothing about the history.
    if (this.#isStopped || !isEntryId(entry.id)) return;
    this.#isFlowing = true;
    if (!this.#reading && this.#cursor !== undefined && this.#continues(entry)) return;
    if (this.#heldBack.length < MOST_HELD_BACK) this.#heldBack.push(entry);
    else this.#fellOut = true;
    if (this.#cursor !== undefined) void this.catchUp();
  }

  /** Looks the line up, unless messages have just shown that nothing is missing. */
  async check(): Promise<void> {
    if (!this.#isFlowing || this.#cursor === undefined) await this.catchUp();
    this.#isFlowing = false;
  }

  /** Reads what was missed. Without an answer nothing changes, and the next check tries again. */
  catchUp(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#reading ??= this.#catchUp().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #catchUp(): Promise<void> {
    const startedAt = performance.now();
    let recovered = 0;
    try {
      for (let round = 0; round < MOST_ROUNDS && !this.#isStopped; round++) {
        recovered += await this.#readToEnd();
        this.#heldBack = this.#heldBack.filter((entry) => !this.#continues(entry));
        // What is left came after the read, or the history does not know it.
        if (this.#heldBack.length === 0 && !this.#fellOut) break;
        this.#fellOut = false;
      }
      this.#takeOrphans();
    } catch {
      // Redis is away, and its connection says so.
    }
    if (recovered > 0) this.duties.recovered(recovered, performance.now() - startedAt);
  }

  /** Hands on everything up to the end of the history. Returns how many events that were. */
  async #readToEnd(): Promise<number> {
    let recovered = 0;
    while (!this.#isStopped) {
      const page = this.duties.page();
      const missed = await this.duties.read(this.#cursor, page);
      if (missed.entries.length > 0) await this.duties.room(missed.entries.length);
      if (this.#isStopped) break;
      if (this.#cursor === undefined) {
        this.#begin(missed.newest);
        break;
      }
      if (missed.newest === START) {
        this.#vanished();
        break;
      }
      if (this.#isLost(missed)) continue;
      recovered += this.#handOn(missed);
      if (missed.entries.length < page) break;
    }
    return recovered;
  }

  /** Takes its place: before the first message since the subscription, or at the end. */
  #begin(newest: string): void {
    const before = this.#heldBack[0]?.before.replace(/^!/, '') ?? '';
    this.#cursor = isEntryId(before) ? before : newest;
    this.#remember(this.#cursor);
    this.#begun.resolve();
  }

  /** There is no history. That is as it should be when nothing came for as long as it is kept. */
  #vanished(): void {
    const idleMs = performance.now() - this.#heardAt;
    if (this.#cursor !== START && idleMs < this.retentionMs * EXPIRY_SHARE) {
      this.#gap('history-lost', START);
    }
    this.#cursor = START;
  }

  /** What was seen last is not in the history. True when it has to be read from another place. */
  #isLost({ newest, oldest, isCursorThere, entries }: Missed): boolean {
    const cursor = this.#cursor!;
    if (isCursorThere || cursor === START || this.#startsAnywhere) return false;
    if (compareIds(cursor, oldest) < 0) {
      const { before = '' } = entries[0] ?? {};
      // It began anew. Where entries were lost with the old one, the first of the new one says so itself.
      if (before === `!${START}`) this.#cursor = START;
      else if (before === START) this.#vanished();
      else {
        this.#startsAnywhere = true;
        this.#gap('trimmed', oldest);
      }
      return false;
    }
    this.#startsAnywhere = true;
    this.#gap(compareIds(cursor, newest) > 0 ? 'forked' : 'lost-writes', newest);
    // The history went another way, from an entry that was seen; what was not seen of it may lie before the cursor.
    const [first = START] = this.#seen;
    this.#cursor = first;
    return true;
  }

  #handOn({ entries, newest }: Missed): number {
    let fresh = 0;
    for (const entry of entries) {
      if (entry.before !== this.#cursor && !this.#startsAnywhere) {
        this.#gap(entry.before.startsWith('!') ? 'lost-writes' : 'trimmed', entry.id);
      }
      this.#startsAnywhere = false;
      if (!this.#seen.has(entry.id)) fresh += this.#deliver(entry);
      this.#cursor = entry.id;
    }
    if (this.#startsAnywhere) {
      // Nothing follows the place it went back to.
      this.#startsAnywhere = false;
      this.#cursor = newest;
      this.#remember(newest);
    }
    return fresh;
  }

  /** True when the message needs nothing from the history: it comes next, or was seen. */
  #continues(entry: KeptEntry): boolean {
    if (this.#seen.has(entry.id)) return true;
    if (entry.before !== this.#cursor || compareIds(entry.id, this.#cursor) < 0) return false;
    this.#deliver(entry);
    this.#cursor = entry.id;
    return true;
  }

  /** Messages that the history does not have, although it was read after they had come. */
  #takeOrphans(): void {
    const [first = START] = this.#seen;
    const orphans = this.#heldBack;
    this.#heldBack = [];
    for (const entry of orphans) {
      // Older than everything that is remembered: it was seen, and comes once more.
      if (this.#continues(entry) || compareIds(entry.id, first) < 0) continue;
      this.#gap('forked', entry.id);
      this.#deliver(entry);
    }
  }

  #deliver(entry: KeptEntry): number {
    this.#remember(entry.id);
    this.#heardAt = performance.now();
    // Without a frame it only says that something was lost.
    if (entry.frame.length === 0) return 0;
    this.duties.deliver(entry);
    return 1;
  }

  #remember(id: string): void {
    this.#seen.add(id);
    if (this.#seen.size <= REMEMBERED) return;
    const [oldest] = this.#seen;
    this.#seen.delete(oldest!);
  }

  #gap(reason: EventGapReason, to: string): void {
    this.duties.gap({ reason, partition: this.partition, from: this.#cursor!, to });
  }
}
