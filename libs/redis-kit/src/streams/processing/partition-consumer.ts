import { isConnectivityError } from '../../core/failsafe/connectivity.js';
import type { RedisKitEvents } from '../../core/events.js';
import { safeMessage } from '../../core/redact.js';
import { gapBetween } from '../log-position.js';
import { Signal } from '../signal.js';
import { START, type EventStorage } from '../stores/event-storage.js';
import type { Grant, GroupEntry, GroupPlace, GroupStorage } from '../stores/group-storage.js';
import type { HandlerGroup } from './handler-group.js';
import { Lanes, type Suspicion, type TryOutcome } from './lanes.js';
import type { Slots } from './slots.js';
import type { SoloGate } from './solo-gate.js';

/** Events in hand of one partition; half of it is asked for at a time. */
const CAPACITY = 200;
/** Longest wait for more acknowledgements to send along. */
const FLUSH_MS = 5;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

export interface ConsumerParts {
  readonly groups: GroupStorage;
  readonly storage: EventStorage;
  readonly events: RedisKitEvents;
  readonly handlers: HandlerGroup;
  readonly slots: Slots;
  readonly gate: SoloGate;
  readonly owner: string;
  readonly leaseMs: number;
  readonly pollMs: number;
  /** Whether this process ought to own one more partition, or keep those it has. */
  readonly share: { mayTake(): boolean; mustGive(): boolean; took(): void; gave(): void };
}

type Granted = Extract<Grant, { isGranted: true }>;

/**
 * Handles the events of one partition for one group, as long as this process owns it.
 *
 * Every step carries the fence of the ownership; after a step with an unknown outcome a new fence is taken, what is
 * pending is read, and only then what is new: a step that arrives late is refused, and no event it took is overlooked.
 */
export class PartitionConsumer {
  readonly #signal = new Signal();
  readonly #lanes: Lanes;
  #fence = '';
  #leaseUntil = 0;
  #isStopping = false;
  #flush: NodeJS.Timeout | undefined;

  constructor(
    private readonly at: GroupPlace,
    private readonly parts: ConsumerParts,
  ) {
    this.#lanes = new Lanes(CAPACITY, parts.slots, parts.gate, {
      handle: (entry, suspicion) => this.#handle(entry, suspicion),
      mayStart: () => performance.now() < this.#leaseUntil,
      progressed: () => this.#progressed(),
    });
  }

  /** Takes nothing more and gives the partition back once what runs has ended. */
  stop(): void {
    this.#isStopping = true;
    this.#signal.set();
  }

  /** Looks again at what there is to do. */
  wake(): void {
    this.#signal.set();
  }

  /** Ends only when it was stopped. */
  async run(): Promise<void> {
    const { storage, pollMs } = this.parts;
    const watch = storage.watch(this.at, () => this.#signal.set());
    watch.ready.then(
      () => this.#signal.set(),
      () => undefined,
    );
    let failures = 0;
    let isOwner = false;
    while (!this.#isStopping) {
      try {
        this.#signal.clear();
        const grant = await this.#acquire(isOwner);
        if (!grant?.isGranted) {
          if (isOwner) this.#lost();
          isOwner = false;
          await this.#signal.wait(Math.min(grant?.freeInMs ?? pollMs, pollMs));
          continue;
        }
        if (!isOwner) this.#took();
        isOwner = true;
        const end = await this.#own(grant, () => (failures = 0));
        if (end === 'again') continue;
        isOwner = false;
        if (end === 'lost') this.#lost();
        else await this.#giveBack();
      } catch (error) {
        this.#failed(error);
        this.#signal.clear();
        if (this.#isStopping) break;
        await this.#signal.wait(Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS));
      }
    }
    if (isOwner) await this.#giveBack().catch((error: unknown) => this.#failed(error));
    clearTimeout(this.#flush);
    watch.close();
  }

  async #acquire(isOwner: boolean): Promise<Grant | undefined> {
    const { groups, owner, leaseMs, share, handlers } = this.parts;
    if (!isOwner && !share.mayTake()) return undefined;
    const sentAt = performance.now();
    const grant = await groups.acquire(this.at, { owner, leaseMs, start: handlers.terms.from });
    if (grant.isGranted) {
      this.#fence = grant.fence;
      this.#leaseUntil = sentAt + leaseMs;
    }
    return grant;
  }

  /** Works until the partition is lost, must be given back, or has to be acquired anew. */
  async #own(grant: Granted, worked: () => void): Promise<'lost' | 'give' | 'again'> {
    const { groups, leaseMs, share } = this.parts;
    let after = START;
    let retryAfter = START;
    let last = grant.delivered;
    while (!this.#isStopping) {
      if (share.mustGive()) return 'give';
      this.#signal.clear();
      const { room } = this.#lanes;
      const acks = this.#lanes.takeAcks();
      const sentAt = performance.now();
      let reply;
      try {
        const isNew = after === '>';
        const request = { fence: grant.fence, leaseMs, room, after, acks };
        reply = await groups.step(this.at, { ...request, retryAfter: isNew ? retryAfter : '' });
      } catch (error) {
        this.#lanes.returnAcks(acks);
        throw error;
      }
      if (reply.outcome !== 'ok') {
        if (reply.outcome === 'lost') return 'lost';
        this.#lanes.returnAcks(acks);
        return 'again';
      }
      worked();
      this.#leaseUntil = sentAt + leaseMs;
      const { entries } = reply;
      const ofLog = entries.filter(({ origin }) => origin === 'log');
      const wasNew = after === '>';
      if (wasNew) {
        if (entries.length < room) this.#lanes.confirmAcks();
        for (const entry of ofLog) last = this.#reportGap(last, entry);
        this.#lanes.offer(ofLog, 'none');
        const again = entries.filter(({ origin }) => origin === 'retry');
        this.#lanes.offer(again, 'none');
        retryAfter = again.at(-1)?.id ?? retryAfter;
      } else {
        this.#lanes.offer(ofLog, grant.isClean ? 'none' : 'weak');
        if (room > 0) after = ofLog.length < room ? '>' : ofLog.at(-1)!.id;
      }
      const isMore = !wasNew || (entries.length > 0 && entries.length === room);
      if (isMore && this.#lanes.room >= CAPACITY / 2) continue;
      // After an empty read the next append says so; after any other nobody does.
      await this.#pause(wasNew && entries.length === 0 && room > 0, room);
    }
    return 'give';
  }

  /** Until there is something to do, at the latest when the lease has to be renewed. */
  async #pause(isAnnounced: boolean, room: number): Promise<void> {
    const { leaseMs, pollMs } = this.parts;
    this.#lanes.pump();
    if (this.#lanes.isIdle && this.#lanes.pendingAcks > 0) return;
    const longest = leaseMs / 3;
    if (isAnnounced) await this.#signal.wait(Math.min(longest, pollMs));
    else await this.#signal.wait(room > 0 ? FLUSH_MS : longest);
  }

  /** Sends acknowledgements once there are many, when there is nothing else to do, or soon. */
  #progressed(): void {
    const acks = this.#lanes.pendingAcks;
    if (acks === 0) return;
    if (acks >= CAPACITY / 2 || this.#lanes.isIdle) this.#signal.set();
    else {
      this.#flush ??= setTimeout(() => {
        this.#flush = undefined;
        this.#signal.set();
      }, FLUSH_MS);
    }
  }

  async #handle(entry: GroupEntry, suspicion: Suspicion): Promise<TryOutcome> {
    const { handlers } = this.parts;
    if (!entry.event) {
      this.#gap('trimmed', 1);
      return 'done';
    }
    const before = entry.attempts ?? 0;
    const attempts = before + 1;
    const most = handlers.terms.attempts;
    if (before >= most) {
      const message = `Its handling began ${before} times and did not end in success.`;
      return this.#bury(entry, { reason: 'exhausted', message, attempts: before });
    }
    // Written down before it begins: afterwards there may be nobody to do it.
    const isWritten =
      suspicion === 'none' || (await this.#mark(entry, suspicion === 'weak' ? 0 : attempts));
    if (!isWritten) return 'lost';
    const verdict = await handlers.handle(this.at, entry);
    if (verdict.outcome === 'handled') {
      // Cleared before anything else runs: its acknowledgement may be lost when the next suspect ends this process.
      if (suspicion === 'strong') await this.#mark(entry, before);
      return 'done';
    }
    const { message } = verdict;
    if (verdict.outcome === 'hopeless') {
      return this.#bury(entry, { reason: verdict.reason, message, attempts });
    }
    if (attempts >= most) return this.#bury(entry, { reason: 'failed', message, attempts });
    if (suspicion !== 'strong' && !(await this.#mark(entry, attempts))) {
      return 'lost';
    }
    const retryInMs = handlers.pauseAfter(attempts);
    const { type, id, stream } = entry.event;
    const { category, group } = this.at;
    this.parts.events.emit('stream.retried', {
      ...{ category, group, stream, type, id, attempts, retryInMs, message },
    });
    return { retryInMs, attempts };
  }

  async #mark({ id }: GroupEntry, attempts: number): Promise<boolean> {
    const { groups } = this.parts;
    return (await this.#insist((fence) => groups.mark(this.at, fence, id, attempts))) ?? false;
  }

  async #bury(entry: GroupEntry, burial: Parameters<GroupStorage['bury']>[3]): Promise<TryOutcome> {
    const { groups, events } = this.parts;
    const done = await this.#insist((fence) => groups.bury(this.at, fence, entry, burial));
    if (done === undefined || done === 'lost') return 'lost';
    if (done === 'buried') {
      const { type, id, stream } = entry.event!;
      const { category, group } = this.at;
      events.emit('stream.dead-lettered', { category, group, stream, type, id, ...burial });
    }
    return 'done';
  }

  /** Asks until Redis answers, as long as the partition is owned: under whichever fence it is by then. */
  async #insist<T>(ask: (fence: string) => Promise<T>): Promise<T | undefined> {
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#fence !== '') {
      const fence = this.#fence;
      try {
        const answer = await ask(fence);
        const isRefused = answer === false || answer === 'lost';
        // Refused for a fence that was replaced meanwhile, by this very owner: asked again.
        if (!isRefused || fence === this.#fence) return answer;
      } catch (error) {
        this.#failed(error);
        if (this.#isStopping || !isConnectivityError(error)) return undefined;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
    return undefined;
  }

  #reportGap(last: string, { id }: GroupEntry): string {
    if (this.at.stream === undefined) {
      const gap = gapBetween(this.at, last, id);
      if (gap) this.#gap(gap.kind, gap.count);
    }
    return id;
  }

  #gap(kind: 'trimmed' | 'rolled-back', count: number): void {
    const { category, partition, group } = this.at;
    this.parts.events.emit('stream.gap', { category, partition, group, kind, count });
  }

  #took(): void {
    const { share, events, owner } = this.parts;
    const { category, partition, group } = this.at;
    share.took();
    events.emit('stream.partition-acquired', { category, partition, group, owner });
  }

  #lost(): void {
    const { share, events, owner } = this.parts;
    const { category, partition, group } = this.at;
    this.#leaseUntil = 0;
    this.#fence = '';
    this.#lanes.forget();
    share.gave();
    events.emit('stream.partition-lost', { category, partition, group, owner });
  }

  async #giveBack(): Promise<void> {
    const { groups, leaseMs, share } = this.parts;
    const fence = this.#fence;
    try {
      const renewal = { fence, leaseMs, room: 0, after: '>', retryAfter: '' };
      let isDrained = false;
      void this.#lanes.drain().then(() => {
        isDrained = true;
        this.#signal.set();
      });
      // The lease goes on while the last handlers run.
      for (let isDone = false; !isDone;) {
        this.#signal.clear();
        if (!isDrained) await this.#signal.wait(leaseMs / 3);
        isDone = isDrained;
        await groups.step(this.at, { ...renewal, acks: this.#lanes.takeAcks() });
      }
      await groups.release(this.at, fence);
    } finally {
      this.#leaseUntil = 0;
      this.#fence = '';
      this.#lanes.forget();
      share.gave();
    }
  }

  #failed(error: unknown): void {
    const { category, partition, group } = this.at;
    const message = safeMessage(error);
    this.parts.events.emit('stream.consumer-failed', { category, partition, group, message });
  }
}
