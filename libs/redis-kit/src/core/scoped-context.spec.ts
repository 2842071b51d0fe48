import { describe, expect, it } from '@jest/globals';
import { ScopedContext } from './scoped-context.js';

/** A promise that is settled by hand. */
function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('a scoped context', () => {
  it('is found by everything the work starts, and by nothing else', async () => {
    const context = new ScopedContext<string>();
    const inside = context.run('one', async () => {
      await Promise.resolve();
      return context.get();
    });
    expect(context.get()).toBeUndefined();
    expect(await inside).toBe('one');
    expect(context.get()).toBeUndefined();
  });

  it('stays while another work is inside, whichever ends first', async () => {
    const context = new ScopedContext<string>();
    const { opened, open } = gate();
    const first = context.run('first', async () => {
      await opened;
      return context.get();
    });
    expect(await context.run('second', async () => context.get())).toBe('second');
    expect(context.run('sync', () => context.get())).toBe('sync');
    expect(() =>
      context.run('thrown', () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    open();
    expect(await first).toBe('first');
  });

  it('works again after everybody has left', async () => {
    const context = new ScopedContext<number>();
    for (let round = 0; round < 3; round++) {
      const seen = await context.run(round, async () => {
        await Promise.resolve();
        return context.run(round + 10, async () => context.get());
      });
      expect(seen).toBe(round + 10);
      expect(context.get()).toBeUndefined();
    }
  });

  it('is left by what outlives the work', async () => {
    const context = new ScopedContext<number>();
    const { opened, open } = gate();
    let orphan!: Promise<number | undefined>;
    await context.run(1, async () => {
      orphan = opened.then(() => context.get());
    });
    open();
    expect(await orphan).toBeUndefined();
  });
});
