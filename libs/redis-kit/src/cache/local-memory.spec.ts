import { describe, expect, it } from '@jest/globals';
import type { Tracking } from '../core/connections/tracking.js';
import { createToken, type Stamp } from './entry.js';
import { LocalMemory } from './local-memory.js';

const EPOCH = 'epoch';
const NONE: ReadonlySet<string> = new Set();

/** Local memory fed by hand, in the order a test wants. */
function setUp() {
  let change!: (key: string) => void;
  let reset!: () => void;
  const link = {
    isArmed: true,
    onChange: (listener: (key: string) => void) => (change = listener),
    onReset: (listener: () => void) => (reset = listener),
  };
  const doubtful = new Set<string>();
  const full: number[] = [];
  const memory = new LocalMemory(link as unknown as Tracking, {
    l1: { maxEntries: 10, maxBytes: 10_000 },
    epochKey: EPOCH,
    tagKey: (tag) => `tag:${tag}`,
    isDoubtful: (_, tags) => [...tags].some((tag) => doubtful.has(tag)),
    onFull: (remembered) => full.push(remembered),
  });
  const epoch = createToken();
  const tag = createToken();
  const stamp: Stamp = { epoch, tags: new Map([['red', tag]]) };
  const remember = (key = 'key', value: unknown = 'value', readAt = memory.moment()) =>
    memory.rememberValue(key, value, stamp, 10, 60_000, readAt);
  memory.rememberToken(EPOCH, epoch, memory.moment());
  memory.rememberToken('tag:red', tag, memory.moment());
  return {
    memory,
    link,
    change: (key: string) => change(key),
    reset: () => reset(),
    remember,
    stamp,
    tag,
    doubtful,
    full,
  };
}

describe('local memory', () => {
  it('serves a value whose tokens are current, to those who heed no other tag', () => {
    const { memory, remember } = setUp();
    remember();
    expect(memory.value('key', NONE)).toMatchObject({ value: 'value' });
    expect(memory.value('key', new Set(['red']))).toMatchObject({ value: 'value' });
    expect(memory.value('key', new Set(['red', 'blue']))).toBeUndefined();
  });

  it.each([['key'], [EPOCH], ['tag:red']])('serves no value after a change of %s', (key) => {
    const { memory, remember, change } = setUp();
    remember();
    change(key);
    expect(memory.value('key', NONE)).toBeUndefined();
  });

  it('serves no value of a tag whose invalidation Redis did not take, though its token is current', () => {
    const { memory, remember, doubtful } = setUp();
    remember();
    doubtful.add('red');
    expect(memory.value('key', NONE)).toBeUndefined();
    doubtful.clear();
    expect(memory.value('key', NONE)).toMatchObject({ value: 'value' });
  });

  it('remembers no answer that a change overtook, however late the answer is', () => {
    const { memory, remember, change, tag } = setUp();
    const sent = memory.moment();
    change('key');
    change('tag:red');
    remember('key', 'old', sent);
    memory.rememberToken('tag:red', tag, sent);
    expect(memory.value('key', NONE)).toBeUndefined();
    expect(memory.token('tag:red')).toBeUndefined();
    memory.rememberToken('tag:red', tag, memory.moment());
    expect(memory.token('tag:red')).toEqual(tag);
  });

  it('remembers nothing that was asked before a reset', () => {
    const { memory, remember, reset, tag } = setUp();
    const sent = memory.moment();
    reset();
    remember('key', 'old', sent);
    memory.rememberToken('tag:red', tag, sent);
    expect(memory.valueCount).toBe(0);
    expect(memory.token('tag:red')).toBeUndefined();
  });

  it('treats every answer as overtaken whose change may have been forgotten', () => {
    const { memory, change, tag } = setUp();
    const sent = memory.moment();
    for (let i = 0; i < 20_000; i++) change(`other-${i}`);
    memory.rememberToken('tag:blue', tag, sent);
    expect(memory.token('tag:blue')).toBeUndefined();
  });

  it('serves and remembers nothing while it is not trusted', () => {
    const { memory, link, remember } = setUp();
    remember();
    link.isArmed = false;
    expect(memory.value('key', NONE)).toBeUndefined();
    expect(memory.token(EPOCH)).toBeUndefined();
    remember('other');
    link.isArmed = true;
    expect(memory.value('other', NONE)).toBeUndefined();
  });

  it('keeps within its bounds', () => {
    const { memory, remember } = setUp();
    for (let i = 0; i < 100; i++) remember(`key-${i}`);
    expect(memory.valueCount).toBeLessThanOrEqual(10);
  });

  it('keeps within its bytes', () => {
    const { memory, stamp } = setUp();
    const remember = (key: string, bytes: number) =>
      memory.rememberValue(key, 'value', stamp, bytes, 60_000, memory.moment());
    const kept = () => ['a', 'b', 'c', 'big'].filter((key) => memory.value(key, NONE));
    remember('a', 4_000);
    remember('b', 4_000);
    expect(kept()).toEqual(['a', 'b']);
    remember('c', 4_000);
    expect(kept()).toEqual(['b', 'c']);
    remember('big', 10_000);
    expect(kept()).toEqual(['b', 'c']);
  });

  it('forgets the oldest token when there are too many, and says so', () => {
    const { memory, full } = setUp();
    const token = createToken();
    for (let i = 2; i < 100_000; i++) memory.rememberToken(`tag:${i}`, token, memory.moment());
    expect([memory.token(EPOCH) === undefined, full]).toEqual([false, []]);
    memory.rememberToken('tag:one more', token, memory.moment());
    expect([memory.token(EPOCH) === undefined, full]).toEqual([true, [100_000]]);
    expect(memory.token('tag:one more')).toEqual(token);
  });
});
