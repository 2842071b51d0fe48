import { Logger } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import { eventually, RedisServer } from 'nestjs-redis-kit/testing';
import { startApplication } from '../support/application.js';

describe('advice at boot', () => {
  it('warns of a server that throws away what must not be lost, and of what that costs a cache', async () => {
    await using server = await RedisServer.start();
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const advice = () =>
      warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('maxmemory'));
    await server.configSet('maxmemory', '100mb');
    try {
      await server.configSet('maxmemory-policy', 'volatile-lru');
      const evicting = await startApplication({ url: server.url });
      await eventually(() =>
        expect(advice()).toEqual([
          expect.stringMatching(
            /'default'.*volatile-lru.*locks, rate limits, counters, leaderboards/,
          ),
          expect.stringMatching(/'default'.*volatile-lru.*tokens of tags/),
        ]),
      );
      await evicting.close();
    } finally {
      warn.mockRestore();
    }
  });
});
