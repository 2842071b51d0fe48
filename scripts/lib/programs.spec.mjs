// @ts-check
import { describe, expect, it } from '@jest/globals';
import { isSupportedNode } from './node-version.mjs';
import { isSupportedServer } from './programs.mjs';

describe('the supported Node.js', () => {
  it.each(['v20.19.0', 'v20.20.2', 'v22.12.0', 'v24.0.0', 'v25.1.0', 'v26.0.0'])(
    'takes %s',
    (version) => {
      expect(isSupportedNode(version)).toBe(true);
    },
  );

  it.each(['v18.20.8', 'v20.18.3', 'v21.7.3', 'v22.11.0', 'v23.11.0'])('refuses %s', (version) => {
    expect(isSupportedNode(version)).toBe(false);
  });
});

describe('the supported servers', () => {
  it.each([
    'Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=d65f0bf1c3a6ef7b',
    'Redis server v=8.2.1 sha=00000000:0',
    'Valkey server v=7.2.4 sha=00000000:0',
    'Valkey server v=8.1.0 sha=00000000:0',
  ])('take %s', (text) => {
    expect(isSupportedServer(text)).toBe(true);
  });

  it.each([
    'Redis server v=6.2.16 sha=00000000:0',
    'Valkey server v=7.1.0',
    'redis-cli 7.0.15',
    '',
  ])('refuse %j', (text) => {
    expect(isSupportedServer(text)).toBe(false);
  });
});
