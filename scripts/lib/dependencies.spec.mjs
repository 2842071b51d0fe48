// @ts-check
import { describe, expect, it } from '@jest/globals';
import { differs } from './dependencies.mjs';

const lock = {
  packages: {
    '': {},
    'apps/shop': { version: '0.0.0' },
    'node_modules/@redis-kit/shop': { link: true },
    'node_modules/ioredis': { version: '6.0.0' },
    'node_modules/fsevents': { version: '2.3.3', optional: true },
  },
};
const installed = {
  packages: {
    'apps/shop': { version: '0.0.0' },
    'node_modules/@redis-kit/shop': { link: true },
    'node_modules/ioredis': { version: '6.0.0' },
  },
};

describe('what is installed', () => {
  it('is as locked without the optional packages of other platforms', () => {
    expect(differs(lock, installed)).toBe(false);
  });

  it('differs when a version does', () => {
    const older = {
      packages: { ...installed.packages, 'node_modules/ioredis': { version: '5.9.0' } },
    };
    expect(differs(lock, older)).toBe(true);
  });

  it('differs when a package or a workspace is missing', () => {
    for (const path of /** @type {const} */ ([
      'node_modules/ioredis',
      'node_modules/@redis-kit/shop',
    ])) {
      const { [path]: _missing, ...packages } = installed.packages;
      expect(differs(lock, { packages })).toBe(true);
    }
  });

  it('differs when nothing is', () => {
    expect(differs(lock, {})).toBe(true);
  });
});
