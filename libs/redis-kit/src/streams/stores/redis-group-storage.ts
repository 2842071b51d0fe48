import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { KeySpace } from '../../core/key-space.js';
import { runScript } from '../../core/scripts/script-runner.js';
import type { LogEntry } from '../event.js';
import {
  acquirePartition,
  buryEvent,
  groupStatus,
  joinGroup,
  markAttempt,
  releasePartition,
  replayLetters,
  stepPartition,
} from '../groups.scripts.js';
import {
  groupAttemptsKey,
  groupDeadLettersKey,
  groupKey,
  groupMembersKey,
  groupRetryKey,
  logHeadKey,
  logKey,
  streamKey,
  wakeChannel,
} from '../streams.keys.js';
import type { RedisEntry } from '../streams.scripts.js';
import { letterFields, letterOf, logEntryOf, rawEventOf } from './redis-entries.js';
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

/** Groups in Redis. Every key of one is in the slot of its partition. */
export class RedisGroupStorage implements GroupStorage {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keySpace: KeySpace,
    private readonly assertSafe: () => Promise<void>,
  ) {}

  async acquire(
    at: GroupPlace,
    { owner, leaseMs, start }: { owner: string; leaseMs: number; start: 'start' | 'end' },
  ): Promise<Grant> {
    await this.assertSafe();
    const { log, group } = this.#keys(at);
    return runScript(
      this.#client,
      acquirePartition,
      { log, group },
      { name: at.group, owner, leaseMs, start: start === 'end' ? '$' : '0-0' },
    );
  }

  async step(at: GroupPlace, request: StepRequest): Promise<StepReply> {
    const { log, head, group, attempts, retry } = this.#keys(at);
    const { fence, leaseMs, room, after, retryAfter, acks } = request;
    const reply = await runScript(
      this.#client,
      stepPartition,
      { log, head, group, attempts, retry },
      {
        name: at.group,
        fence,
        leaseMs,
        room,
        after,
        retryAfter,
        logAcks: acks.log.length,
        acks: [...acks.log, ...acks.retry],
      },
    );
    if (reply.outcome !== 'ok') return { outcome: reply.outcome as 'lost' | 'no-group' };
    const entries: GroupEntry[] = reply.entries.map((entry, i) => ({
      origin: 'log',
      id: entry[0].toString('latin1'),
      event: entry[1] === null ? undefined : this.#eventOf(at, entry),
      attempts: writtenAttempts(reply.attempts[i]),
    }));
    reply.again.forEach((entry, i) => {
      const { event } = letterOf(entry);
      const attempts = writtenAttempts(reply.attempts[reply.entries.length + i]);
      entries.push({ origin: 'retry', id: entry[0].toString('latin1'), event, attempts });
    });
    return { outcome: 'ok', entries };
  }

  mark(at: GroupPlace, fence: string, id: string, count: number): Promise<boolean> {
    const { group, attempts } = this.#keys(at);
    return runScript(this.#client, markAttempt, { group, attempts }, { fence, id, count });
  }

  bury(
    at: GroupPlace,
    fence: string,
    entry: GroupEntry,
    burial: Burial,
  ): Promise<'buried' | 'gone' | 'lost'> {
    const { log, group, attempts, dead, retry } = this.#keys(at);
    return runScript(
      this.#client,
      buryEvent,
      { log, group, attempts, dead, retry },
      {
        name: at.group,
        fence,
        origin: entry.origin,
        id: entry.id,
        letter: letterFields(entry.event!, burial),
      },
    );
  }

  release(at: GroupPlace, fence: string): Promise<boolean> {
    const { group } = this.#keys(at);
    const channel = wakeChannel(this.keySpace, at);
    return runScript(this.#client, releasePartition, { group }, { fence, channel });
  }

  join(category: string, group: string, member: string, ttlMs: number): Promise<number> {
    const members = groupMembersKey(this.keySpace, category, group);
    return runScript(this.#client, joinGroup, { members }, { member, ttlMs });
  }

  status(at: GroupPlace): Promise<GroupStatus> {
    const { log, head, group, dead, retry } = this.#keys(at);
    const keys = { log, head, group, dead, retry };
    return runScript(this.#client, groupStatus, keys, { name: at.group });
  }

  async letters(at: GroupPlace, after: string, limit: number): Promise<RawLetter[]> {
    const { dead } = this.#keys(at);
    const entries = await this.#client.xrangeBuffer(dead, `(${after}`, '+', 'COUNT', limit);
    return (entries as unknown as RedisEntry[]).map((entry) => letterOf(entry));
  }

  async letter(at: GroupPlace, id: string): Promise<RawLetter | undefined> {
    const { dead } = this.#keys(at);
    const [entry] = (await this.#client.xrangeBuffer(dead, id, id)) as unknown as RedisEntry[];
    return entry && letterOf(entry);
  }

  replay(at: GroupPlace, ids: readonly string[]): Promise<number> {
    const { dead, retry } = this.#keys(at);
    const channel = wakeChannel(this.keySpace, at);
    return runScript(this.#client, replayLetters, { dead, retry }, { channel, ids });
  }

  discard(at: GroupPlace, ids: readonly string[]): Promise<number> {
    return this.#client.xdel(this.#keys(at).dead, ...ids);
  }

  #eventOf(at: GroupPlace, entry: RedisEntry): LogEntry {
    if (at.stream === undefined) return logEntryOf(entry);
    return { ...rawEventOf(entry, at.stream), position: entry[0].toString('latin1') };
  }

  #keys(at: GroupPlace) {
    const { keySpace } = this;
    const { stream } = at;
    return {
      log: stream === undefined ? logKey(keySpace, at) : streamKey(keySpace, { ...at, stream }),
      head: logHeadKey(keySpace, at),
      group: groupKey(keySpace, at),
      attempts: groupAttemptsKey(keySpace, at),
      dead: groupDeadLettersKey(keySpace, at),
      retry: groupRetryKey(keySpace, at),
    };
  }

  get #client(): Redis {
    return this.connection.command as Redis;
  }
}

const writtenAttempts = (count = -1): number | undefined => (count < 0 ? undefined : count);
