import type { NextFunction, Request, RequestHandler, Response } from 'express-serve-static-core';
import session from 'express-session';
import type { RedisSessionStore } from './redis-session.store.js';
import { cookieNames, type SessionCookieNames } from './session-cookie.js';
import type { SessionContent } from './session-data.js';
import {
  attachCarrier,
  attachState,
  contentOf,
  stateOf,
  type SessionCarrier,
} from './session-request.js';
import { SessionUnavailableException } from './session.exception.js';
import type { SessionState, Sessions } from './sessions.js';

const NEXT_ID = Symbol('redis-kit:next-session-id');

type SessionHttpRequest = Request & { [NEXT_ID]?: string | undefined };

/**
 * express-session on the store. Over HTTPS the cookie has another name than over HTTP, so there is one of it for each, and
 * both are set up alike.
 */
export function expressSession(store: RedisSessionStore, sessions: Sessions): RequestHandler {
  const { cookie, secrets, absoluteMs } = sessions.options;
  const names = cookieNames(cookie);
  const middleware = (name: string): RequestHandler =>
    session({
      name,
      store,
      secret: [...secrets],
      genid: (request) => (request as SessionHttpRequest)[NEXT_ID] ?? sessions.ids.forGuest().id,
      // A session is stored when there is something in it, and sent when it changed.
      resave: false,
      saveUninitialized: false,
      cookie: {
        path: cookie.path,
        domain: cookie.domain,
        httpOnly: true,
        sameSite: cookie.sameSite,
        secure: cookie.secure,
        maxAge: cookie.persistent ? absoluteMs : undefined,
      },
    }) as unknown as RequestHandler;
  const [secure, plain] = [middleware(names.secure), middleware(names.plain)];

  return (request, response, next) => {
    const handle = isSecure(request) ? secure : plain;
    handle(request, response, (error?: unknown) => {
      if (error) return fail(response, next, error);
      const carrier = new ExpressCarrier(request, response, names, sessions, store);
      attachCarrier(request, carrier);
      void proceed(carrier, response, next);
    });
  };
}

async function proceed(
  carrier: ExpressCarrier,
  response: Response,
  next: NextFunction,
): Promise<void> {
  try {
    await carrier.continue();
  } catch (error) {
    return fail(response, next, error);
  }
  next();
}

/** What express-session goes by, too. */
const isSecure = (request: Request): boolean =>
  request.secure || (request.socket as { encrypted?: boolean }).encrypted === true;

function fail(response: Response, next: NextFunction, error: unknown): void {
  if (error instanceof SessionUnavailableException) announce(response, error.retryAfterMs);
  next(error);
}

function announce(response: Response, retryAfterMs: number): void {
  if (!response.headersSent) {
    response.setHeader('Retry-After', Math.ceil(retryAfterMs / 1_000));
  }
}

class ExpressCarrier implements SessionCarrier {
  constructor(
    private readonly request: SessionHttpRequest,
    private readonly response: Response,
    private readonly names: SessionCookieNames,
    private readonly sessions: Sessions,
    private readonly store: RedisSessionStore,
  ) {}

  get session(): SessionContent | undefined {
    return this.request.session as unknown as SessionContent | undefined;
  }

  get client() {
    return { ip: this.request.ip, userAgent: this.request.get('user-agent') };
  }

  /** Moves on to another id where there is one: that of a session taken over, or of one that is renewed. */
  async continue(): Promise<void> {
    const state = stateOf(this.session);
    if (!state) return;
    const next = await this.sessions.moved(state, this.request.sessionID);
    if (next) await this.adopt(next, contentOf(this.session));
  }

  async adopt(state: SessionState, content: SessionContent): Promise<void> {
    const { request } = this;
    request[NEXT_ID] = state.id.id;
    (this.store as unknown as { generate(request: Request): void }).generate(request);
    request[NEXT_ID] = undefined;
    for (const [key, value] of Object.entries(content)) {
      // The methods of the session stay what they are.
      if (!(key in request.session)) this.session![key] = value;
    }
    attachState(request.session, state);
  }

  async drop(): Promise<void> {
    const { request, response, names, sessions } = this;
    const { cookie } = sessions.options;
    const secure = isSecure(request);
    (request as { session?: unknown }).session = undefined;
    if (response.headersSent) return;
    response.clearCookie(secure ? names.secure : names.plain, {
      path: cookie.path,
      ...(cookie.domain !== undefined && { domain: cookie.domain }),
      httpOnly: true,
      sameSite: cookie.sameSite,
      secure: secure && cookie.secure !== false,
    });
  }

  retryAfter(retryAfterMs: number): void {
    announce(this.response, retryAfterMs);
  }
}
