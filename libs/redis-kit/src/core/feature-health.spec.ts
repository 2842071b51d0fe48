import { describe, expect, it } from '@jest/globals';
import { FeatureHealthChecks } from './feature-health.js';

describe('the health of features', () => {
  it('is asked for by connection, and left out where a feature does not use it', async () => {
    const checks = new FeatureHealthChecks();
    const reason = { severity: 'degraded', code: 'late', message: 'tick is late' } as const;
    checks.register('streams', (connection) =>
      connection === 'orders' ? { facts: { connection }, reasons: [reason] } : undefined,
    );
    expect(await checks.ask('default', 1_000)).toEqual(new Map());
    expect(await checks.ask('orders', 1_000)).toEqual(
      new Map([['streams', { facts: { connection: 'orders' }, reasons: [reason] }]]),
    );
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken at redis://:secret@host');
      },
      /broken at redis:..\*\*\*@host/,
    ],
    ['rejects', () => Promise.reject(new Error('broken')), /broken/],
    ['never answers', () => new Promise<never>(() => undefined), /within 5 ms/],
  ])('counts as degraded when the feature %s, and others are heard', async (_, check, message) => {
    const checks = new FeatureHealthChecks();
    checks.register('bad', check);
    checks.register('good', () => ({ facts: 1, reasons: [] }));
    const answers = await checks.ask('default', 5);
    expect(answers.get('good')).toEqual({ facts: 1, reasons: [] });
    expect(answers.get('bad')?.reasons).toEqual([
      { severity: 'degraded', code: 'feature-silent', message: expect.stringMatching(message) },
    ]);
    expect(JSON.stringify([...answers])).not.toContain('secret');
  });
});
