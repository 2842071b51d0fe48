import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventually, RedisServer } from 'nestjs-redis-kit/testing';
import type { KeptEntry } from '../../libs/redis-kit/src/events/events.scripts.js';
import { decodeKept } from '../../libs/redis-kit/src/events/frame.js';
import { Line } from '../support/kept-line.js';

describe('a line of kept events', () => {
  let server: RedisServer;
  let redis: Redis;
  let line: Line;

  beforeAll(async () => {
    server = await RedisServer.start();
    redis = server.client();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    line = new Line(redis);
  });

  it('is handed on as it comes, and not read as long as nothing is missing', async () => {
    await line.follower.begin();
    const { reads } = line;
    for (const frame of ['a', 'b', 'c']) line.follower.live(await line.keep(frame));
    expect(line.told).toEqual(['a', 'b', 'c']);
    expect(line.reads).toBe(reads);
  });

  it('begins at its end, and with what came while it looked for it', async () => {
    await line.keep('before');
    const first = await line.keep('first');
    line.follower.live(first);
    expect(line.told).toEqual([]);
    await line.follower.begin();
    line.follower.live(await line.keep('second'));
    expect(line.told).toEqual(['first', 'second']);
  });

  it('is read where a message shows that something was missed, once and in order', async () => {
    await line.follower.begin();
    line.follower.live(await line.keep('a'));
    const missed = await line.keep('b');
    await line.keep('c');
    line.follower.live(await line.keep('d'));
    await line.settled();
    line.follower.live(missed);
    expect(line.told).toEqual(['a', 'b', 'c', 'd']);
    expect(line.recovered).toBe(3);
  });

  it('is read in pages, and what comes meanwhile waits for its turn', async () => {
    line = new Line(redis, 60_000, 3);
    await line.follower.begin();
    const frames = Array.from({ length: 20 }, (_, at) => `${at}`);
    const entries: KeptEntry[] = [];
    for (const frame of frames) entries.push(await line.keep(frame));
    const done = line.follower.catchUp();
    for (const entry of entries.slice(10)) line.follower.live(entry);
    line.follower.live(await line.keep('last'));
    await done;
    await line.settled();
    expect(line.told).toEqual([...frames, 'last']);
  });

  it('is looked up when it is silent, so that a lost last message is found', async () => {
    await line.follower.begin();
    await line.keep('a');
    await line.keep('b');
    await line.follower.check();
    expect(line.told).toEqual(['a', 'b']);
    const { reads } = line;
    line.follower.live(await line.keep('c'));
    await line.follower.check();
    expect(line.reads).toBe(reads);
    await line.follower.check();
    expect(line.reads).toBe(reads + 1);
  });

  it('is read later when Redis is away, and nothing is lost meanwhile', async () => {
    await line.follower.begin();
    await line.keep('a');
    line.isAway = true;
    line.follower.live(await line.keep('b'));
    await line.settled();
    line.follower.live(await line.keep('c'));
    await line.settled();
    expect(line.told).toEqual([]);
    line.isAway = false;
    await line.follower.check();
    await line.follower.check();
    expect(line.told).toEqual(['a', 'b', 'c']);
  });

  it('says when the history does not reach back far enough', async () => {
    await line.follower.begin();
    line.follower.live(await line.keep('a'));
    for (const frame of ['b', 'c', 'd', 'e']) await line.keep(frame);
    await redis.xtrim(line.log, 'MAXLEN', 2);
    await line.follower.check();
    await line.follower.check();
    expect(line.told).toEqual(['a', 'gap: trimmed', 'd', 'e']);
  });

  it('says when it was trimmed before a follower that had seen nothing read it', async () => {
    await line.follower.begin();
    for (const frame of ['a', 'b', 'c']) await line.keep(frame);
    await redis.xtrim(line.log, 'MAXLEN', 1);
    await line.follower.check();
    expect(line.told).toEqual(['gap: trimmed', 'c']);
  });

  it('says when the server lost what a publisher was told it has, to those who never saw it, too', async () => {
    await line.follower.begin();
    line.follower.live(await line.keep('a'));
    const lost = await line.keep('lost');
    await redis.xdel(line.log, lost.id);
    // Another publisher, that knows nothing of it, comes first.
    line.follower.live(await line.keep('other'));
    await line.settled();
    expect(line.told).toEqual(['a', 'other']);
    const marked = await line.keep('b', lost.id);
    expect(marked.before).toMatch(/^!/);
    line.follower.live(marked);
    await line.settled();
    expect(line.told).toEqual(['a', 'other', 'gap: lost-writes', 'b']);
  });

  it('says so when the lost one was the last, and its publisher has nothing more to say', async () => {
    await line.follower.begin();
    line.follower.live(await line.keep('a'));
    const lost = await line.keep('lost');
    await redis.xdel(line.log, lost.id);
    line.follower.live(await line.keep('', lost.id));
    await line.settled();
    expect(line.told).toEqual(['a', 'gap: lost-writes']);
    line.follower.live(await line.keep('b'));
    expect(line.told).toEqual(['a', 'gap: lost-writes', 'b']);
  });

  it('writes nothing when nothing was lost, and does not take trimming for a loss', async () => {
    const first = await line.keep('a');
    await line.keep('b');
    await line.keep('c');
    expect((await line.keep('', first.id)).id).toBe('');
    await redis.xtrim(line.log, 'MAXLEN', 1);
    expect((await line.keep('', first.id)).id).toBe('');
    expect((await line.keep('d', first.id)).before).not.toMatch(/^!/);
  });

  it('says when what was seen is not in the history, and reads what the history has instead', async () => {
    await line.plant('100-0', '0-0');
    await line.follower.begin();
    line.follower.live(await line.plant('110-0', '100-0'));
    line.follower.live(await line.plant('200-0', '110-0'));
    // A replica without the last entry takes over, and its next entries have ids before and after the lost one.
    await redis.xdel(line.log, '200-0');
    await redis.xsetid(line.log, '110-0');
    await line.plant('150-0', '110-0');
    line.follower.live(await line.plant('300-0', '150-0'));
    await line.settled();
    expect(line.told.filter((told) => !told.startsWith('gap'))).toEqual([
      '110-0',
      '200-0',
      '150-0',
      '300-0',
    ]);
    expect(line.told.indexOf('gap: lost-writes')).toBe(2);
    line.follower.live(await line.plant('400-0', '300-0'));
    expect(line.told.at(-1)).toBe('400-0');
  });

  it('says when the history goes on from an earlier place than was seen', async () => {
    await line.plant('100-0', '0-0');
    await line.follower.begin();
    line.follower.live(await line.plant('200-0', '100-0'));
    await redis.xdel(line.log, '200-0');
    await redis.xsetid(line.log, '100-0');
    await line.follower.check();
    await line.follower.check();
    expect(line.told).toEqual(['200-0', 'gap: forked']);
    line.follower.live(await line.plant('150-0', '100-0'));
    await line.settled();
    expect(line.told).toEqual(['200-0', 'gap: forked', '150-0']);
  });

  it('says when the whole history is gone, whether or not something follows', async () => {
    await line.follower.begin();
    line.follower.live(await line.keep('a'));
    await line.lose();
    await line.follower.check();
    await line.follower.check();
    expect(line.told).toEqual(['a', 'gap: history-lost']);
    line.follower.live(await line.keep('b'));
    await line.lose();
    line.follower.live(await line.keep('c'));
    await line.settled();
    expect(line.told.slice(2)).toEqual(['b', 'gap: history-lost', 'c']);
    await line.lose();
    line.follower.live(await line.keep('d', '1-0'));
    await line.settled();
    expect(line.told.slice(5)).toEqual(['gap: lost-writes', 'd']);
  });

  it('does not take a history that expired for a loss', async () => {
    line = new Line(redis, 1_000);
    await line.follower.begin();
    line.follower.live(await line.keep('a'));
    await eventually(async () => (await redis.exists(line.log)) === 0, { every: 300 });
    line.follower.live(await line.keep('b'));
    await line.settled();
    await eventually(async () => (await redis.exists(line.log)) === 0, { every: 300 });
    await line.follower.check();
    await line.follower.check();
    line.follower.live(await line.keep('c'));
    await line.settled();
    expect(line.told).toEqual(['a', 'b', 'c']);
  });

  it('hands on a message that the history does not know, after saying so', async () => {
    await line.follower.begin();
    line.follower.live(await line.keep('a'));
    const orphan = {
      id: '9999999999999-0',
      before: '9999999999998-0',
      frame: Buffer.from('orphan'),
    };
    line.follower.live(orphan);
    await line.settled();
    line.follower.live(orphan);
    await line.settled();
    expect(line.told).toEqual(['a', 'gap: forked', 'orphan']);
    line.follower.live(await line.keep('b'));
    await line.settled();
    expect(line.told.at(-1)).toBe('b');
  });

  it('survives what is not an entry, in the history and on the channel', async () => {
    await line.follower.begin();
    await redis.xadd(line.log, '*', 'x', 'y');
    line.follower.live({ id: 'none', before: '0-0', frame: Buffer.from('none') });
    line.follower.live({ id: `${'9'.repeat(40)}-0`, before: '0-0', frame: Buffer.from('huge') });
    expect(decodeKept(Buffer.from('no newline'))).toBeUndefined();
    expect(decodeKept(Buffer.from('a b c\nx'))).toBeUndefined();
    expect(decodeKept(Buffer.alloc(0))).toBeUndefined();
    line.follower.live(await line.keep('a'));
    await line.settled();
    expect(line.told.filter((told) => !told.startsWith('gap'))).toEqual(['a']);
    // Somebody sends a place far ahead: the line comes back from there.
    const cursor = (await line.keep('b')).id;
    await line.follower.check();
    await line.follower.check();
    line.follower.live({ id: '9000000000000000000-0', before: cursor, frame: Buffer.from('far') });
    line.follower.live(await line.keep('c'));
    await line.settled();
    expect(line.told.at(-1)).toBe('c');
  });

  it('hands on everything once and in order, whichever messages get lost, come late or twice', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('arrives' as const) },
      { weight: 4, arbitrary: fc.constant('lost' as const) },
      { weight: 2, arbitrary: fc.constant('late' as const) },
      { weight: 1, arbitrary: fc.constant('twice' as const) },
      { weight: 1, arbitrary: fc.constant('check' as const) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (steps, page) => {
          const tried = new Line(redis, 60_000, page);
          await tried.follower.begin();
          const kept: string[] = [];
          const late: KeptEntry[] = [];
          for (const [at, what] of steps.entries()) {
            if (what === 'check') {
              void tried.follower.check();
              continue;
            }
            const entry = await tried.keep(`${at}`);
            kept.push(`${at}`);
            if (what === 'late') late.push(entry);
            else if (what !== 'lost') tried.follower.live(entry);
            if (what === 'twice') tried.follower.live(entry);
            if (what !== 'late') for (const one of late.splice(0)) tried.follower.live(one);
          }
          await tried.settled();
          expect(tried.told).toEqual(kept);
        },
      ),
      { numRuns: 60 },
    );
  });
});
