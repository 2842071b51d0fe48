import type { LogEntry, RawEvent } from '../event.js';
import type { PartitionPlace, StreamPlace } from '../stream-name.js';
import { placeId } from '../log-position.js';
import {
  START,
  type AppendReply,
  type AppendRequest,
  type EventStorage,
  type RawSnapshot,
  type Replication,
} from './event-storage.js';

/** One partition: its streams, its log, and who waits for more. */
export class MemoryPartition {
  readonly streams = new Map<string, RawEvent[]>();
  readonly snapshots = new Map<string, RawSnapshot & { schema: number }>();
  readonly watchers = new Set<() => void>();
  log: LogEntry[] = [];
  ordinal = 0;

  after(position: string, limit: number): LogEntry[] {
    const first = this.log.findIndex((entry) => isAfter(entry.position, position));
    return first < 0 ? [] : this.log.slice(first, first + limit);
  }
}

/** True when the first of two positions, or ids, is the later one. */
export function isAfter(one: string, other: string): boolean {
  const [epoch = 0, ordinal = 0] = one.split('-').map(Number);
  const [otherEpoch = 0, otherOrdinal = 0] = other.split('-').map(Number);
  return epoch > otherEpoch || (epoch === otherEpoch && ordinal > otherOrdinal);
}

/** Events in the memory of this process, for tests. */
export class MemoryEventStorage implements EventStorage {
  readonly #counts = new Map<string, number>();
  readonly #partitions = new Map<string, MemoryPartition>();
  /** Nothing fails over here, so there is one epoch. */
  readonly #epoch = Date.now();

  partition(place: PartitionPlace): MemoryPartition {
    const id = placeId(place);
    let partition = this.#partitions.get(id);
    if (!partition) this.#partitions.set(id, (partition = new MemoryPartition()));
    return partition;
  }

  async partitions(category: string, wanted: number): Promise<number> {
    if (!this.#counts.has(category)) this.#counts.set(category, wanted);
    return this.#counts.get(category)!;
  }

  async append(request: AppendRequest): Promise<AppendReply> {
    const { place, events, expected, lastEventId } = request;
    const partition = this.partition(place);
    const stored = partition.streams.get(place.stream) ?? [];
    const version = stored.length;
    const versions = events.map(({ id }) => stored.findIndex((event) => event.id === id) + 1);
    if (versions.every((known, at) => known > 0 && known === versions[0]! + at)) {
      return { outcome: 'duplicate', version: versions.at(-1)!, lastEventId: events.at(-1)!.id };
    }
    if (versions.some((known) => known > 0)) return { outcome: 'reused', actual: version };
    const isExpected =
      expected === 'any' || (expected === 'exists' ? version > 0 : version === expected);
    if (!isExpected) return { outcome: 'conflict', actual: version };
    if (lastEventId !== '' && stored.at(-1)?.id !== lastEventId) {
      return { outcome: 'diverged', actual: version };
    }
    const recordedAtMs = Date.now();
    for (const event of events) {
      const raw = { ...event, stream: place.stream, version: stored.length + 1, recordedAtMs };
      stored.push(raw);
      partition.ordinal += 1;
      partition.log.push({ ...raw, position: `${this.#epoch}-${partition.ordinal}` });
    }
    partition.streams.set(place.stream, stored);
    for (const wake of [...partition.watchers]) queueMicrotask(wake);
    return {
      outcome: 'appended',
      version: stored.length,
      lastEventId: events.at(-1)!.id,
      position: partition.log.at(-1)!.position,
    };
  }

  /** There are no replicas, and nothing they could save. */
  async appendReplicated(
    request: AppendRequest,
    { replicas }: Replication,
  ): Promise<{ reply: AppendReply; replicas: number }> {
    return { reply: await this.append(request), replicas };
  }

  async readStream(
    place: StreamPlace,
    from: number,
    direction: 'forward' | 'backward',
    limit: number,
  ): Promise<RawEvent[]> {
    const stored = this.partition(place).streams.get(place.stream) ?? [];
    return direction === 'forward'
      ? stored.slice(from - 1, from - 1 + limit)
      : stored.slice(0, from).toReversed().slice(0, limit);
  }

  async readLog(place: PartitionPlace, after: string, limit: number): Promise<LogEntry[]> {
    return this.partition(place).after(after, limit);
  }

  readLogOrWait(place: PartitionPlace, after: string, limit: number): Promise<LogEntry[]> {
    return this.readLog(place, after, limit);
  }

  async end(place: PartitionPlace): Promise<string> {
    const { ordinal } = this.partition(place);
    return ordinal === 0 ? START : `${this.#epoch}-${ordinal}`;
  }

  watch(place: PartitionPlace, wake: () => void): { ready: Promise<void>; close(): void } {
    const { watchers } = this.partition(place);
    const own = () => wake();
    watchers.add(own);
    return { ready: Promise.resolve(), close: () => watchers.delete(own) };
  }

  async saveSnapshot(place: StreamPlace, schema: number, snapshot: RawSnapshot): Promise<boolean> {
    const { streams, snapshots } = this.partition(place);
    const { version, eventId } = snapshot;
    if (streams.get(place.stream)?.[version - 1]?.id !== eventId) return false;
    const stored = snapshots.get(place.stream);
    if (stored?.schema === schema && stored.version >= version) return false;
    snapshots.set(place.stream, { ...snapshot, schema });
    return true;
  }

  async load(
    place: StreamPlace,
    schema: number,
    limit: number,
  ): Promise<{ snapshot: RawSnapshot | undefined; events: RawEvent[] }> {
    const stored = this.partition(place).snapshots.get(place.stream);
    const snapshot = stored?.schema === schema ? stored : undefined;
    const from = (snapshot?.version ?? 0) + 1;
    return { snapshot, events: await this.readStream(place, from, 'forward', limit) };
  }

  async trim(place: PartitionPlace, keep: number): Promise<number> {
    const partition = this.partition(place);
    const removed = Math.max(0, partition.log.length - keep);
    partition.log = partition.log.slice(removed);
    return removed;
  }

  async close(): Promise<void> {
    for (const { watchers } of this.#partitions.values()) watchers.clear();
  }
}
