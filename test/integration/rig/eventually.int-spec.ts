import { describe, expect, it } from '@jest/globals';
import { eventually, isolatedNamespace } from 'nestjs-redis-kit/testing';

describe('eventually', () => {
  it('returns what the assertion returns once it holds', async () => {
    let attempts = 0;
    const value = await eventually(
      async () => {
        attempts += 1;
        if (attempts < 4) throw new Error('not yet');
        return { attempts };
      },
      { every: 1 },
    );
    expect(value).toEqual({ attempts: 4 });
  });

  it('takes `false` for a failure, and other falsy values for success', async () => {
    expect(await eventually(() => 0)).toBe(0);
    expect(await eventually(() => null)).toBeNull();
    await expect(eventually(() => false, { within: 30 })).rejects.toThrow('returned false');
  });

  it('tells the last failure and keeps it as the cause', async () => {
    let attempts = 0;
    const failure: Error = await eventually(
      () => {
        attempts += 1;
        throw new Error(`failure ${attempts}`);
      },
      { within: 60, every: 10 },
    ).catch((error) => error);
    expect(failure).toMatchObject({ name: 'RigError', code: 'NOT_IN_TIME' });
    expect(failure.message).toBe(
      `Did not hold within 60 ms (${attempts} attempts); last failure: failure ${attempts}`,
    );
    expect(failure.cause).toMatchObject({ message: `failure ${attempts}` });
  });

  it('gives up on an attempt that never settles', async () => {
    const start = performance.now();
    const never = eventually(() => new Promise(() => undefined), { within: 50 });
    await expect(never).rejects.toThrow('the first attempt did not settle');
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe('isolatedNamespace', () => {
  it('is never the same twice', () => {
    const names = Array.from({ length: 1_000 }, () => isolatedNamespace('cache'));
    expect(new Set(names).size).toBe(1_000);
    expect(names[0]).toMatch(/^cache-[0-9a-f]{16}$/);
  });
});
