import { createHash, createHmac } from 'node:crypto';
import type { ExecutionContext } from '@nestjs/common';
import { RateLimitTrackerError } from './tracker.errors.js';
import {
  addressKey,
  forwardedAddress,
  parseAddress,
  type TrustedProxies,
} from './client-address.js';
import {
  headerOf,
  peerAddress,
  userOf,
  type LimitedCall,
  type RateLimitRequest,
} from './limited-call.js';

/** Whom a policy counts: clients by their address, users, API keys, sessions, or everybody together. */
export type RateLimitTrackerName = 'ip' | 'user' | 'apiKey' | 'session' | 'everyone';

/** Says whom a request is counted for; `undefined`: it cannot tell. Its parameter may be declared as the platform's type. */
export type RateLimitTrackerFunction = {
  of(
    request: RateLimitRequest,
    context: ExecutionContext,
  ): string | number | undefined | Promise<string | number | undefined>;
}['of'];

/** One tracker, or several of which the first that can tell is used. */
export type RateLimitBy =
  | RateLimitTrackerName
  | RateLimitTrackerFunction
  | readonly (RateLimitTrackerName | RateLimitTrackerFunction)[];

export const TRACKER_NAMES: readonly RateLimitTrackerName[] = [
  'ip',
  'user',
  'apiKey',
  'session',
  'everyone',
];

export interface TrackerSettings {
  readonly ipv6Prefix: number;
  /** `undefined`: as the framework was told. */
  readonly trustedProxies: TrustedProxies | undefined;
  readonly apiKeyHeader: string;
  /** Makes the digests of API keys and sessions useless to whoever reads Redis and knows some of them. */
  readonly secret: string | undefined;
  readonly user: RateLimitTrackerFunction | undefined;
}

/** Longer values, and those with other characters, become digests: keys stay short, and nothing is added to them. */
const PLAIN_VALUE = /^[\w.:@/+=-]{1,100}$/;

/** A shorter id could stand in a cookie by chance, and is no id that cannot be guessed. */
const SHORTEST_SESSION_ID = 16;

/** An id of `nestjs-redis-kit/session`: what names the session for as long as it lives, and a secret that changes. */
const RENEWED_SESSION_ID = /^([ug][\w-]{16}\.[\w-]{12}\.)[\w-]{32}$/;

/** Tells whom a call is counted for. */
export class Trackers {
  constructor(private readonly settings: TrackerSettings) {}

  /**
   * A short text without secrets, different for each client.
   *
   * @throws RateLimitTrackerError when none of the trackers can tell.
   */
  async keyOf(call: LimitedCall, by: RateLimitBy): Promise<string> {
    const candidates = Array.isArray(by)
      ? (by as readonly (RateLimitTrackerName | RateLimitTrackerFunction)[])
      : [by];
    for (const candidate of candidates) {
      const key = await this.#keyBy(
        call,
        candidate as RateLimitTrackerName | RateLimitTrackerFunction,
      );
      if (key !== undefined) return key;
    }
    throw new RateLimitTrackerError(
      candidates.map((candidate) => (typeof candidate === 'string' ? candidate : 'a function')),
      call.context.getType<string>(),
    );
  }

  /** The address of the client, behind trusted proxies. */
  addressOf(request: RateLimitRequest): ReturnType<typeof parseAddress> {
    const { trustedProxies } = this.settings;
    if (trustedProxies === undefined) return parseAddress(request.ip ?? peerAddress(request) ?? '');
    return forwardedAddress(
      peerAddress(request),
      headerOf(request, 'x-forwarded-for'),
      trustedProxies,
    );
  }

  async #keyBy(
    call: LimitedCall,
    by: RateLimitTrackerName | RateLimitTrackerFunction,
  ): Promise<string | undefined> {
    const { request, context } = call;
    if (typeof by === 'function') return this.#named('by', await by(request, context));
    switch (by) {
      case 'everyone':
        return 'everyone';
      case 'ip': {
        const address = this.addressOf(request);
        return address && `ip:${addressKey(address, this.settings.ipv6Prefix)}`;
      }
      case 'user': {
        const { user = idOfUser } = this.settings;
        return this.#named('user', await user(request, context));
      }
      case 'apiKey':
        return this.#secret('api-key', headerOf(request, this.settings.apiKeyHeader));
      case 'session':
        return this.#secret('session', establishedSession(request));
    }
  }

  #named(kind: string, value: unknown): string | undefined {
    if (value === undefined || value === null || value === '') return undefined;
    const text = String(value);
    return `${kind}:${PLAIN_VALUE.test(text) ? text : `~${this.#digest(text)}`}`;
  }

  #secret(kind: string, value: string | undefined): string | undefined {
    return value === undefined || value === '' ? undefined : `${kind}:~${this.#digest(value)}`;
  }

  #digest(text: string): string {
    const { secret } = this.settings;
    const hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
    // Not as UTF-8, in which all text that is not well-formed is the same.
    return hash.update(text, 'utf16le').digest('base64url');
  }
}

/** `id` of the user, or `sub` when it is made of a token's claims. */
function idOfUser(request: RateLimitRequest): string | number | undefined {
  const user = userOf(request) as { id?: unknown; sub?: unknown } | string | number | undefined;
  const id = typeof user === 'object' && user !== null ? (user.id ?? user.sub) : user;
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/**
 * The id of a session that the client came with, without what a renewal replaces: it must not give a limit anew. A session made for this very request does not count: whoever sends no
 * cookie gets a new one each time.
 */
function establishedSession(request: RateLimitRequest): string | undefined {
  const session = request.session as { id?: unknown; sessionId?: unknown } | undefined;
  const id = request.sessionID ?? session?.sessionId ?? session?.id;
  if (typeof id !== 'string' || id.length < SHORTEST_SESSION_ID) return undefined;
  const name = RENEWED_SESSION_ID.exec(id)?.[1] ?? id;
  const cookies = headerOf(request, 'cookie') ?? '';
  return cookies.includes(name) || cookies.includes(encodeURIComponent(name)) ? name : undefined;
}
