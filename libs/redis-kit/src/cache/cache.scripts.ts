import { defineScript } from '../core/scripts/define-script.js';

export const replaceEntry = defineScript({
  name: 'cache.replace-entry',
  source: new URL('./lua/replace-entry.lua', import.meta.url),
  keys: ['entry'],
  args: ['header', 'bytes', 'ttlMs'],
  reply: (raw) => raw === 1,
});

export const removeEntry = defineScript({
  name: 'cache.remove-entry',
  source: new URL('./lua/remove-entry.lua', import.meta.url),
  keys: ['entry'],
  args: ['header'],
  reply: (raw) => raw === 1,
});

export const expireEntry = defineScript({
  name: 'cache.expire-entry',
  source: new URL('./lua/expire-entry.lua', import.meta.url),
  keys: ['entry'],
  args: ['id'],
  reply: (raw) => raw === 1,
});
