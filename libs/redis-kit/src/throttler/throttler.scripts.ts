import { defineScript } from '../core/scripts/define-script.js';

export const countHit = defineScript({
  name: 'throttler.count-hit',
  source: new URL('./lua/count-hit.lua', import.meta.url),
  keys: ['hits', 'state'],
  args: ['ttlMs', 'limit', 'blockMs', 'stepMs'],
  reply: (raw) => {
    const [totalHits, expiresInMs, blocked, unblockedInMs] = raw as [
      number,
      number,
      number,
      number,
    ];
    return { totalHits, expiresInMs, isBlocked: blocked === 1, unblockedInMs };
  },
});
