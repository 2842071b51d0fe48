import type { LogEntry } from '../event.js';
import { isAfter, type MemoryEventStorage } from './memory-event-storage.js';
import { START } from './event-storage.js';
import type {
  Burial,
  Grant,
  GroupEntry,
  GroupPlace,
  GroupStatus,
  GroupStorage,
  RawLetter,
  StepReply,
  StepRequest,
} from './group-storage.js';

class MemoryGroup {
  owner = '';
  until = 0;
  fence = 0;
  isClean = true;
  delivered = START;
  isCreated = false;
  numbers = 0;
  readonly pending = new Map<string, LogEntry>();
  readonly attempts = new Map<string, number>();
  readonly dead = new Map<string, RawLetter>();
  readonly retry = new Map<string, LogEntry>();

  nextId(): string {
    return `${Date.now()}-${++this.numbers}`;
  }
}

/** Groups in the memory of this process, for tests. */
export class MemoryGroupStorage implements GroupStorage {
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #members = new Map<string, Set<string>>();

  constructor(private readonly storage: MemoryEventStorage) {}

  async acquire(
    at: GroupPlace,
    { owner, leaseMs, start }: { owner: string; leaseMs: number; start: 'start' | 'end' },
  ): Promise<Grant> {
    const group = this.#group(at);
    if (group.owner !== '' && group.owner !== owner && group.until > Date.now()) {
      return { isGranted: false, freeInMs: group.until - Date.now() };
    }
    if (!group.isCreated && start === 'end') {
      group.delivered = this.#entriesOf(at, START, Infinity).at(-1)?.position ?? START;
    }
    const isClean = group.owner === owner || group.isClean;
    group.isCreated = true;
    group.fence += 1;
    Object.assign(group, { owner, until: Date.now() + leaseMs, isClean: false });
    return { isGranted: true, fence: String(group.fence), delivered: group.delivered, isClean };
  }

  async step(at: GroupPlace, request: StepRequest): Promise<StepReply> {
    const group = this.#group(at);
    const { fence, leaseMs, room, after, retryAfter, acks } = request;
    if (String(group.fence) !== fence) return { outcome: 'lost' };
    for (const id of acks.log) group.pending.delete(id);
    for (const id of acks.retry) group.retry.delete(id);
    for (const id of [...acks.log, ...acks.retry]) group.attempts.delete(id);
    group.until = Date.now() + leaseMs;
    const isNew = after === '>';
    const found = isNew
      ? this.#entriesOf(at, group.delivered, room)
      : [...group.pending.values()].filter(({ position }) => isAfter(position, after));
    const entries = found
      .slice(0, room)
      .map((event) => entryOf(group, 'log', event.position, event));
    if (isNew) {
      for (const { id, event } of entries) group.pending.set(id, event!);
      group.delivered = entries.at(-1)?.id ?? group.delivered;
    }
    if (retryAfter !== '') {
      for (const [id, event] of group.retry) {
        if (entries.length < room && isAfter(id, retryAfter)) {
          entries.push(entryOf(group, 'retry', id, event));
        }
      }
    }
    return { outcome: 'ok', entries };
  }

  async mark(at: GroupPlace, fence: string, id: string, attempts: number): Promise<boolean> {
    const group = this.#group(at);
    if (String(group.fence) !== fence) return false;
    group.attempts.set(id, attempts);
    return true;
  }

  async bury(
    at: GroupPlace,
    fence: string,
    { origin, id, event }: GroupEntry,
    burial: Burial,
  ): Promise<'buried' | 'gone' | 'lost'> {
    const group = this.#group(at);
    if (String(group.fence) !== fence) return 'lost';
    group.attempts.delete(id);
    if (!(origin === 'log' ? group.pending : group.retry).delete(id)) return 'gone';
    const letterId = group.nextId();
    group.dead.set(letterId, { ...burial, id: letterId, buriedAtMs: Date.now(), event: event! });
    return 'buried';
  }

  async release(at: GroupPlace, fence: string): Promise<boolean> {
    const group = this.#group(at);
    if (String(group.fence) !== fence) return false;
    Object.assign(group, { owner: '', until: 0, isClean: true });
    this.#wake(at);
    return true;
  }

  async join(category: string, group: string, member: string, ttlMs: number): Promise<number> {
    const members = this.#members.get(`${category}|${group}`) ?? new Set();
    this.#members.set(`${category}|${group}`, members);
    if (ttlMs === 0) members.delete(member);
    else members.add(member);
    return members.size;
  }

  async status(at: GroupPlace): Promise<GroupStatus> {
    const group = this.#group(at);
    return {
      ordinal: this.storage.partition(at).ordinal,
      delivered: group.isCreated ? group.delivered : '',
      pending: group.pending.size,
      owner: group.owner,
      leaseLeftMs: Math.max(0, group.until - Date.now()),
      deadLetters: group.dead.size,
      oldestDeadLetter: group.dead.keys().next().value ?? '',
      sentBack: group.retry.size,
      serverMs: Date.now(),
    };
  }

  async letters(at: GroupPlace, after: string, limit: number): Promise<RawLetter[]> {
    const all = [...this.#group(at).dead.values()];
    return all.filter(({ id }) => isAfter(id, after)).slice(0, limit);
  }

  async letter(at: GroupPlace, id: string): Promise<RawLetter | undefined> {
    return this.#group(at).dead.get(id);
  }

  async replay(at: GroupPlace, ids: readonly string[]): Promise<number> {
    const group = this.#group(at);
    let count = 0;
    for (const id of ids) {
      const letter = group.dead.get(id);
      if (!letter) continue;
      group.dead.delete(id);
      group.retry.set(group.nextId(), letter.event);
      count += 1;
    }
    this.#wake(at);
    return count;
  }

  async discard(at: GroupPlace, ids: readonly string[]): Promise<number> {
    const { dead } = this.#group(at);
    return ids.filter((id) => dead.delete(id)).length;
  }

  #entriesOf(at: GroupPlace, after: string, limit: number): LogEntry[] {
    const partition = this.storage.partition(at);
    if (at.stream === undefined) return partition.after(after, limit);
    const from = Number.parseInt(after, 10);
    const events = partition.streams.get(at.stream) ?? [];
    return events
      .slice(from, from + limit)
      .map((event) => ({ ...event, position: `${event.version}-0` }));
  }

  #wake(at: GroupPlace): void {
    for (const wake of [...this.storage.partition(at).watchers]) queueMicrotask(wake);
  }

  #group({ category, partition, group, stream = '' }: GroupPlace): MemoryGroup {
    const id = `${category}.${partition}|${group}|${stream}`;
    let found = this.#groups.get(id);
    if (!found) this.#groups.set(id, (found = new MemoryGroup()));
    return found;
  }
}

const entryOf = (
  group: MemoryGroup,
  origin: 'log' | 'retry',
  id: string,
  event: LogEntry,
): GroupEntry => ({ origin, id, event, attempts: group.attempts.get(id) });
