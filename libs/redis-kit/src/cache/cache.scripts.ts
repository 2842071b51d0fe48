import { defineScript } from '../core/scripts/define-script.js';

export const fillEntry = defineScript({
  name: 'cache.fill-entry',
  source: new URL('./lua/fill-entry.lua', import.meta.url),
  keys: ['entry'],
  args: ['lease', 'value', 'ttlMs'],
  reply: (raw) => raw === 1,
});

export const releaseLease = defineScript({
  name: 'cache.release-lease',
  source: new URL('./lua/release-lease.lua', import.meta.url),
  keys: ['entry'],
  args: ['lease'],
  reply: (raw) => raw === 1,
});
