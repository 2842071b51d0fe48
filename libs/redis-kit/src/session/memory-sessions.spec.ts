import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { RedisKitTestingModule, sessionVaultContract } from 'nestjs-redis-kit/testing';
import { SessionModule, SessionService } from 'nestjs-redis-kit/session';
import { MemorySessionVault } from './stores/memory-session.vault.js';

describe('sessions in memory', () => {
  const contract = sessionVaultContract(async () => ({
    vault: new MemorySessionVault(),
    dispose: async () => undefined,
  }));

  it.each([...contract])('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('are what an application with RedisKitTestingModule has', async () => {
    const module = await Test.createTestingModule({
      imports: [
        RedisKitTestingModule.forRoot(),
        SessionModule.forRoot({ secret: 'a secret that is long enough for it' }),
      ],
    }).compile();
    const sessions = module.get(SessionService);
    expect(await sessions.listForUser('anna')).toEqual([]);
    expect(await sessions.revokeAll('anna')).toBe(0);
    expect(await sessions.ticket('anna')).toMatch(/^\d+$/);
    await module.close();
  });
});
