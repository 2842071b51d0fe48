// @ts-check
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import ProjectSequencer from './jest-sequencer.mjs';

describe('the order of the tests', () => {
  it('is by project, so that what has deadlines does not run beside what needs every core', async () => {
    const path = fileURLToPath(import.meta.url);
    const tests = ['e2e', 'unit', 'redis', 'e2e', 'redis', 'unit'].map((name) => ({
      path,
      context: { config: { cache: false, displayName: { name } }, hasteFS: { getSize: () => 1 } },
    }));
    const sequencer = new ProjectSequencer(/** @type {never} */ ({}));
    const sorted = await sequencer.sort(/** @type {never} */ (tests));
    expect(sorted.map(({ context }) => context.config.displayName?.name)).toEqual([
      'redis',
      'redis',
      'unit',
      'unit',
      'e2e',
      'e2e',
    ]);
  });
});
