import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { RedisKitTestingModule, sessionVaultContract } from 'nestjs-redis-kit/testing';
import { CurrentUserId, SessionModule, SessionService } from 'nestjs-redis-kit/session';
import { MemorySessionVault } from './stores/memory-session.vault.js';

@Controller()
class AccountController {
  constructor(@Inject(SessionService) private readonly sessions: SessionService) {}

  @Post('login')
  login(@Req() request: object) {
    return this.sessions.login(request, 'anna');
  }

  @Get('me')
  me(@CurrentUserId() userId: string | undefined) {
    return { userId: userId ?? null };
  }
}

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

  it('serve requests without Redis', async () => {
    const module = await Test.createTestingModule({
      imports: [
        RedisKitTestingModule.forRoot(),
        SessionModule.forRootAsync({
          useFactory: async () => ({ secret: 'a secret that is long enough for it' }),
        }),
      ],
      controllers: [AccountController],
    }).compile();
    const app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    try {
      const url = await app.getUrl();
      const login = await fetch(`${url}/login`, { method: 'POST' });
      const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!;
      const me = async () => (await fetch(`${url}/me`, { headers: { cookie } })).json();
      expect(await me()).toEqual({ userId: 'anna' });
      await app.get(SessionService).revokeAll('anna');
      expect(await me()).toEqual({ userId: null });
    } finally {
      await app.close();
    }
  });

  it('need options that work, also from a factory', async () => {
    const booting = Test.createTestingModule({
      imports: [
        RedisKitTestingModule.forRoot(),
        SessionModule.forRootAsync({ useFactory: () => ({ secret: 'short' }) }),
      ],
    }).compile();
    await expect(booting).rejects.toThrow(
      /SessionModule\.forRootAsync\(\)\.secret: got \(hidden\)/,
    );
  });
});
