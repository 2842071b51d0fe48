import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RedisSessionStore } from './redis-session.store.js';
import { cookieNames } from './session-cookie.js';
import type { SessionContent } from './session-data.js';
import {
  attachCarrier,
  attachState,
  contentOf,
  stateOf,
  type SessionCarrier,
} from './session-request.js';
import { NoSessionError } from './session.errors.js';
import { SessionUnavailableException } from './session.exception.js';
import type { SessionState, Sessions } from './sessions.js';

const NEXT_ID = Symbol('redis-kit:next-session-id');
const CARRIER = Symbol('redis-kit:fastify-carrier');

/** The session of @fastify/session, as far as it is used here. */
interface FastifySession extends SessionContent {
  readonly sessionId: string;
  readonly encryptedSessionId: string;
  isModified(): boolean;
  save(): Promise<void>;
  regenerate(): Promise<void>;
}

interface SessionHttpRequest {
  session: FastifySession | null | undefined;
  readonly ip: string;
  readonly protocol: string;
  readonly headers: { readonly 'user-agent'?: string | undefined };
  readonly cookies?: Readonly<Record<string, string | undefined>>;
  [NEXT_ID]?: string | undefined;
  [CARRIER]?: FastifyCarrier;
}

/** As express-session writes it, so that both read each other's. */
const COOKIE_PREFIX = 's:';

interface CookieReply {
  clearCookie(name: string, options: object): unknown;
}

/**
 * @fastify/session on the store, with @fastify/cookie unless the application has it already. The name of the cookie is one
 * for all requests there: with `__Host-` in front when `secure` is true.
 */
export async function installFastifySession(
  instance: FastifyInstance,
  store: RedisSessionStore,
  sessions: Sessions,
): Promise<void> {
  const [{ default: cookiePlugin }, { default: sessionPlugin }] = await Promise.all([
    import('@fastify/cookie'),
    import('@fastify/session'),
  ]);
  const { cookie, secrets, absoluteMs } = sessions.options;
  const names = cookieNames(cookie);
  const cookieName = cookie.secure === true ? names.secure : names.plain;
  const attributes = {
    path: cookie.path,
    ...(cookie.domain !== undefined && { domain: cookie.domain }),
    httpOnly: true,
    sameSite: cookie.sameSite,
    secure: cookie.secure,
  };
  if (!instance.hasPlugin('@fastify/cookie')) await instance.register(cookiePlugin);
  // Before the one of @fastify/session, which sends the cookie whenever something was saved.
  instance.addHook('onSend', async (request, reply) => {
    await carrierOfRequest(request)?.beforeSend((name, options) =>
      (reply as unknown as CookieReply).clearCookie(name, options),
    );
  });
  await instance.register(sessionPlugin, {
    secret: [...secrets],
    cookieName,
    cookiePrefix: COOKIE_PREFIX,
    rolling: false,
    saveUninitialized: false,
    store: store as never,
    idGenerator: (request?: unknown) =>
      (request as SessionHttpRequest | undefined)?.[NEXT_ID] ?? sessions.ids.forGuest().id,
    cookie: {
      ...attributes,
      ...(cookie.persistent && { maxAge: absoluteMs }),
    },
  });
  instance.addHook('onRequest', async (request, reply) => {
    const own = request as unknown as SessionHttpRequest;
    const named = { name: cookieName, attributes };
    const carrier = new FastifyCarrier(own, named, sessions, store, (retryAfterMs) =>
      announce(reply, retryAfterMs),
    );
    own[CARRIER] = carrier;
    attachCarrier(request, carrier);
    await carrier.continue();
  });
  instance.addHook('onError', async (_request, reply: FastifyReply, error) => {
    if (error instanceof SessionUnavailableException) announce(reply, error.retryAfterMs);
  });
}

function announce(reply: FastifyReply, retryAfterMs: number): void {
  void reply.header('Retry-After', Math.ceil(retryAfterMs / 1_000));
}

const carrierOfRequest = (request: FastifyRequest): FastifyCarrier | undefined =>
  (request as unknown as SessionHttpRequest)[CARRIER];

class FastifyCarrier implements SessionCarrier {
  /** The session as it came with the cookie. */
  #received: FastifySession | undefined;
  #isDropped = false;

  constructor(
    private readonly request: SessionHttpRequest,
    private readonly cookie: { readonly name: string; readonly attributes: object },
    private readonly sessions: Sessions,
    private readonly store: RedisSessionStore,
    /** Of what a handler meets, Nest makes the answer: no hook for errors hears of it. */
    readonly retryAfter: (retryAfterMs: number) => void,
  ) {}

  get session(): SessionContent | undefined {
    return this.request.session ?? undefined;
  }

  get client() {
    return { ip: this.request.ip, userAgent: this.request.headers['user-agent'] };
  }

  /** Moves on to another id where there is one: that of a session taken over, or of one that is renewed. */
  async continue(): Promise<void> {
    const session = this.request.session;
    const state = stateOf(session);
    if (!session || !state) return;
    attachState(session, state);
    const next = await this.sessions.moved(state, session.sessionId);
    if (next) await this.adopt(next, contentOf(session));
    else this.#received = session;
  }

  async adopt(state: SessionState, content: SessionContent): Promise<void> {
    const { request, store } = this;
    const before = request.session;
    if (!before) throw new NoSessionError('ended');
    request[NEXT_ID] = state.id.id;
    store.replace(before.sessionId, state);
    await before.regenerate();
    request[NEXT_ID] = undefined;
    const session = request.session!;
    for (const [key, value] of Object.entries(content)) {
      if (!(key in session)) (session as SessionContent)[key] = value;
    }
    // Nothing is stored by it that is not: it makes @fastify/session send the cookie.
    await session.save();
  }

  async drop(): Promise<void> {
    this.request.session = null;
    this.#isDropped = true;
  }

  async beforeSend(clearCookie: (name: string, attributes: object) => unknown): Promise<void> {
    const { protocol, session } = this.request;
    if (this.#isDropped) clearCookie(this.cookie.name, this.cookie.attributes);
    if (!session) return;
    const isReceived = session === this.#received;
    if (isReceived && session.isModified()) await session.save();
    const isExposed = this.sessions.options.cookie.secure === true && protocol !== 'https';
    if (!isReceived && !isExposed) return;
    // @fastify/session sends the cookie of whatever was saved: again, which coming late would undo a login in the browser;
    // and over plain HTTP, although it is for HTTPS alone. One that an older secret has signed it takes away, so that one
    // is sent: the same id, signed with the newest.
    const isSent = !isExposed && this.#hasOldSignature(session);
    Object.defineProperty(session, 'isSaved', { value: () => isSent, configurable: true });
  }

  #hasOldSignature(session: FastifySession): boolean {
    const received = this.request.cookies?.[this.cookie.name];
    return received !== undefined && received !== `${COOKIE_PREFIX}${session.encryptedSessionId}`;
  }
}
