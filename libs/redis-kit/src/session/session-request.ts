import type { SessionContent } from './session-data.js';
import { NoSessionError } from './session.errors.js';
import { SessionUnavailableException } from './session.exception.js';
import { SessionState } from './sessions.js';

/**
 * Under this name the state of a session travels with its data, from the store through the framework to the request. It
 * is not a symbol: @fastify/session copies named properties only. It never shows in JSON.
 */
export const STATE = '~redis-kit';

/** A request of Express or Fastify. */
export type SessionRequest = object;

/** How the session of one request is changed, on the framework that serves it. */
export interface SessionCarrier {
  /** The data, as the application sees it; undefined after the session was dropped. */
  readonly session: SessionContent | undefined;
  /** The client: an address, and what it says it is. */
  readonly client: { readonly ip: string | undefined; readonly userAgent: string | undefined };
  /** Goes on under the id of this state, with this data, and sends the cookie. */
  adopt(state: SessionState, content: SessionContent): Promise<void>;
  /** The request has no session any more, and the browser forgets its cookie. */
  drop(): Promise<void>;
  /** The answer will say that Redis is away, and for how long to wait. */
  retryAfter(retryAfterMs: number): void;
}

const CARRIER = Symbol('redis-kit:session');

export function attachCarrier(request: SessionRequest, carrier: SessionCarrier): void {
  Object.defineProperty(request, CARRIER, { value: carrier, configurable: true });
}

/** @throws NoSessionError when the middleware did not see the request. */
export function carrierOf(request: SessionRequest): SessionCarrier {
  const carrier = (request as { [CARRIER]?: SessionCarrier })[CARRIER];
  if (!carrier) throw new NoSessionError('middleware');
  return carrier;
}

/** Does something for a request, whose answer tells when to try again should Redis be away. */
export async function forRequest<T>(
  request: SessionRequest,
  work: (carrier: SessionCarrier) => Promise<T>,
): Promise<T> {
  const carrier = carrierOf(request);
  try {
    return await work(carrier);
  } catch (error) {
    if (error instanceof SessionUnavailableException) carrier.retryAfter(error.retryAfterMs);
    throw error;
  }
}

/** The state of the session of a request; undefined when it has none that is stored. */
export function stateOf(session: object | undefined | null): SessionState | undefined {
  const state = (session as { [STATE]?: unknown } | undefined | null)?.[STATE];
  return state instanceof SessionState ? state : undefined;
}

/** Ties a state to the session object that the application has. */
export function attachState(session: object, state: SessionState): void {
  Object.defineProperty(session, STATE, {
    value: state,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

/** The data of a session object, without what the framework and this library keep on it. */
export function contentOf(session: object | undefined | null): SessionContent {
  const { cookie: _, [STATE]: __, ...content } = { ...session } as SessionContent;
  return content;
}
