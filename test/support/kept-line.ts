import type { Redis } from 'ioredis';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';
import { runScript } from '../../libs/redis-kit/src/core/scripts/script-runner.js';
import {
  keepEvent,
  readMissed,
  type KeptEntry,
} from '../../libs/redis-kit/src/events/events.scripts.js';
import { LineFollower } from '../../libs/redis-kit/src/events/line-follower.js';

/** A line on a real server, where the test decides which messages arrive. */
export class Line {
  readonly log = `{${isolatedNamespace()}}:log`;
  readonly channel = `${this.log}:channel`;
  readonly told: string[] = [];
  readonly published: KeptEntry[] = [];
  reads = 0;
  recovered = 0;
  isAway = false;
  readonly follower: LineFollower;

  constructor(
    private readonly redis: Redis,
    readonly retentionMs = 60_000,
    page = 100,
  ) {
    this.follower = new LineFollower(3, retentionMs, {
      page: () => page,
      read: async (cursor = '', count) => {
        this.reads += 1;
        if (this.isAway) throw new Error('away');
        return runScript(redis, readMissed, { log: this.log }, { cursor, count });
      },
      room: () => Promise.resolve(),
      deliver: ({ frame }) => this.told.push(String(frame)),
      gap: ({ reason }) => this.told.push(`gap: ${reason}`),
      recovered: (events) => (this.recovered += events),
    });
  }

  /** Publishes. The entry is what the server sent to those who listen. */
  async keep(frame: string, known = '', history = 1_000): Promise<KeptEntry> {
    const { log, channel, retentionMs } = this;
    const id = await runScript(
      this.redis,
      keepEvent,
      { log },
      { channel, frame, known, history, retentionMs },
    );
    return this.entry(id);
  }

  async entry(id: string): Promise<KeptEntry> {
    const { entries } = await runScript(
      this.redis,
      readMissed,
      { log: this.log },
      { cursor: '0-0', count: 10_000 },
    );
    return entries.find((entry) => entry.id === id) ?? { id, before: '', frame: Buffer.alloc(0) };
  }

  /** An entry with an id and a predecessor of choice. */
  async plant(id: string, before: string): Promise<KeptEntry> {
    await this.redis.xadd(this.log, id, 'p', before, 'd', id);
    return { id, before, frame: Buffer.from(id) };
  }

  /** Deletes the history. The next one begins in a later millisecond, or its first id may be the last of this one. */
  async lose(): Promise<void> {
    await this.redis.del(this.log);
    const [seconds, microseconds] = await this.redis.time();
    await eventually(async () => {
      const [laterSeconds, later] = await this.redis.time();
      return laterSeconds !== seconds || Number(later) > Number(microseconds) + 1_000;
    });
  }

  /** Resolves when everything is read that was missed. */
  async settled(): Promise<void> {
    await this.follower.catchUp();
    await this.follower.catchUp();
  }
}
