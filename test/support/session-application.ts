import { createHmac } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  Inject,
  Param,
  Post,
  Query,
  Req,
  UseGuards,
  type INestApplication,
} from '@nestjs/common';
import {
  CurrentDevice,
  CurrentSession,
  CurrentUserId,
  RequireFreshAuth,
  SessionGuard,
  SessionLimitError,
  SessionModule,
  SessionService,
  type SessionDevice,
  type SessionModuleOptions,
} from 'nestjs-redis-kit/session';
import { RateLimit, type RedisKitOptions } from 'nestjs-redis-kit';
import { startHttpApplication, type HttpApplication, type Platform } from './http-application.js';
import { Browser } from './browser.js';

export const SECRET = 'a secret of this test that is long enough';

/** As cookie-signature does it, for cookies that this library did not make. */
export const signed = (id: string, secret = SECRET): string => {
  const signature = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');
  return encodeURIComponent(`s:${id}.${signature}`);
};

/** The session id in a browser's cookie, without its signature. */
export const idOf = (browser: Browser, name = 'sid'): string =>
  decodeURIComponent(browser.cookies.get(name)!)
    .replace(/^s:/, '')
    .split('.')
    .slice(0, 3)
    .join('.');

type Content = Record<string, unknown>;

interface Gate {
  readonly passed: Promise<void>;
  open(): void;
}

/** Gates that requests wait at, by name, after their session was read. */
export class Gates {
  readonly #gates = new Map<string, Gate>();

  at(name: string): Gate {
    let gate = this.#gates.get(name);
    if (!gate) {
      let open!: () => void;
      const passed = new Promise<void>((resolve) => (open = resolve));
      this.#gates.set(name, (gate = { passed, open }));
    }
    return gate;
  }
}

@Controller()
class SessionController {
  constructor(
    @Inject(SessionService) private readonly sessions: SessionService,
    @Inject(Gates) private readonly gates: Gates,
  ) {}

  @Get('me')
  me(@CurrentUserId() userId: string | undefined, @CurrentSession() session: Content) {
    const { cookie: _, ...data } = { ...session };
    return { userId: userId ?? null, data };
  }

  @Post('set')
  async set(@CurrentSession() session: Content, @Body() body: Content, @Query('gate') at?: string) {
    if (at !== undefined) {
      this.gates.at(`${at}:arrived`).open();
      await this.gates.at(at).passed;
    }
    Object.assign(session, body);
    return { ok: true };
  }

  @Post('unset/:key')
  unset(@CurrentSession() session: Content, @Param('key') key: string) {
    delete session[key];
    return { ok: true };
  }

  @Post('login/:user')
  async login(
    @Req() request: object,
    @Param('user') user: string,
    @Query('device') device?: string,
    @Query('ticket') ticket?: string,
  ) {
    return this.sessions.login(request, user, { device, ticket }).catch((error: unknown) => {
      if (!(error instanceof SessionLimitError)) throw error;
      return { refused: error.code };
    });
  }

  @Post('logout')
  async logout(@Req() request: object) {
    await this.sessions.logout(request);
    return { ok: true };
  }

  @Post('login-slowly/:user')
  async loginSlowly(
    @Req() request: object,
    @Param('user') user: string,
    @Query('gate') at: string,
  ) {
    const ticket = await this.sessions.ticket(user);
    this.gates.at(`${at}:arrived`).open();
    await this.gates.at(at).passed;
    return this.sessions.login(request, user, { ticket }).catch((error: { code: string }) => ({
      refused: error.code,
    }));
  }

  @Get('devices')
  @UseGuards(SessionGuard)
  devices(@Req() request: object, @CurrentUserId() user: string) {
    return this.sessions.listForUser(user, request);
  }

  @Post('revoke/:handle')
  @UseGuards(SessionGuard)
  async revoke(@CurrentUserId() user: string, @Param('handle') handle: string) {
    return { revoked: await this.sessions.revoke(user, handle) };
  }

  @Post('revoke-others')
  async revokeOthers(@Req() request: object) {
    return { revoked: await this.sessions.revokeOthers(request) };
  }

  @Post('confirm')
  async confirm(@Req() request: object) {
    await this.sessions.confirmAuth(request);
    return { ok: true };
  }

  @Get('secret')
  @RequireFreshAuth('1h')
  secret() {
    return { ok: true };
  }

  @Get('stale')
  @RequireFreshAuth(0)
  stale() {
    return { ok: true };
  }

  @Get('recent')
  @RequireFreshAuth('5s')
  recent() {
    return { ok: true };
  }

  @Get('limited')
  @RateLimit({ policies: [{ name: 'session', limit: 5, per: '1d' }], by: 'session' })
  limited() {
    return { ok: true };
  }

  @Get('device')
  device(@CurrentDevice() device: SessionDevice) {
    return device;
  }
}

export interface SessionApplication extends HttpApplication {
  readonly app: INestApplication;
  readonly sessions: SessionService;
  readonly gates: Gates;
  /** Somebody with cookies of their own. */
  browser(userAgent?: string): Browser;
}

export async function startSessionApplication(
  platform: Platform,
  redis: RedisKitOptions,
  options: Partial<SessionModuleOptions> = {},
  configure?: (app: INestApplication) => void,
): Promise<SessionApplication> {
  const http = await startHttpApplication(
    platform,
    redis,
    {
      imports: [SessionModule.forRoot({ secret: SECRET, deadline: '20s', ...options })],
      controllers: [SessionController],
      providers: [Gates],
    },
    configure,
    { trustProxy: true },
  );
  return {
    ...http,
    sessions: http.app.get(SessionService),
    gates: http.app.get(Gates),
    browser: (userAgent) => new Browser(http.request, userAgent),
  };
}
