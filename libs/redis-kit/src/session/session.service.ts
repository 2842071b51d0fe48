import { toMs, type Duration } from '../core/duration.js';
import type { RedisKitEventMap, RedisKitEvents } from '../core/events.js';
import { describeDevice, readDevice, type SessionDevice } from './device.js';
import { decodeContent, mergeContent } from './session-data.js';
import { isGuest, isHandle } from './session-id.js';
import {
  carrierOf,
  contentOf,
  forRequest,
  stateOf,
  type SessionCarrier,
  type SessionRequest,
} from './session-request.js';
import { LoginRevokedError, NoSessionError, SessionLimitError } from './session.errors.js';
import './session.events.js';
import type { SessionState, Sessions } from './sessions.js';

/** Most sessions of one user that are listed, those seen last first. */
const MOST_LISTED = 1_000;

/** A session of a user, for the user to look at. */
export interface SessionInfo {
  /** Names the session for `revoke`. Not a secret. */
  readonly handle: string;
  readonly device: SessionDevice;
  readonly createdAt: Date;
  /** In steps of `touchEvery`. */
  readonly lastSeenAt: Date;
  /** If it is not used again. */
  readonly expiresAt: Date;
  /** True for the session of the request that asks. */
  readonly isCurrent: boolean;
}

/** A session of anybody, for administrators. */
export interface ScannedSession {
  readonly handle: string;
  /** Undefined for a guest. */
  readonly userId: string | undefined;
  readonly createdAt: Date;
  /** When it ends, however much it is used. */
  readonly endsAt: Date;
}

export interface LoginOptions {
  /** What to call the device; the default is made of its `User-Agent`. */
  readonly device?: string | undefined;
  /** From `ticket()`, taken before the password was checked. */
  readonly ticket?: string | undefined;
}

export interface Login {
  readonly handle: string;
  /**
   * True when this login was the first to get what the guest had in the session. Copies, such as of a double click, get the data
   * as well: what is merged into a database is merged only by the first.
   */
  readonly isFirst: boolean;
}

/**
 * Sessions and their users: who is logged in, where, and for how long still.
 *
 * What was awaited here holds in every process when it returns: the next request with a revoked session is that of a guest.
 * When Redis is away, every method throws `SessionUnavailableException` (503).
 */
export class SessionService {
  constructor(
    private readonly sessions: Sessions,
    private readonly events: RedisKitEvents,
  ) {}

  /** The user of a request; undefined for a guest. */
  userIdOf(request: SessionRequest): string | undefined {
    return stateOf(carrierOf(request).session)?.userId;
  }

  /**
   * Take one before the password is checked, and give it to `login`: a `revokeAll` in between then ends the login, too. It is
   * good for 15 minutes.
   */
  ticket(userId: string): Promise<string> {
    return this.sessions.ticket(userId);
  }

  /**
   * Makes the session of a request that of a user, under a new id. What the guest had in it stays in it. Await it before
   * you answer.
   *
   * @throws LoginRevokedError when all sessions were revoked since the ticket was taken
   * @throws SessionLimitError when the user has `maxPerUser` sessions, and `onLimit` is `reject`
   */
  login(request: SessionRequest, userId: string, options: LoginOptions = {}): Promise<Login> {
    return forRequest(request, (carrier) => this.#login(carrier, userId, options));
  }

  /** Ends the session of a request. Await it before you answer. */
  logout(request: SessionRequest): Promise<void> {
    return forRequest(request, async (carrier) => {
      const state = stateOf(carrier.session);
      if (state && !state.isCopy) {
        await this.sessions.end(state.id);
        const { handle, userId } = state;
        this.events.emit('session.logged-out', { handle, userId });
      }
      await carrier.drop();
    });
  }

  /**
   * The sessions of a user, at most 1,000, the one seen last first. Those that are gone are taken off the list.
   *
   * @param request whose session is marked as the current one
   */
  async listForUser(userId: string, request?: SessionRequest): Promise<SessionInfo[]> {
    const tag = this.sessions.ids.tagOf(userId);
    const { gone, entries } = await this.sessions.vault.list(tag, MOST_LISTED);
    this.#announce('session.expired', userId, gone);
    const current = request && stateOf(carrierOf(request).session);
    return entries.map(({ handle, device, createdAtMs, seenAtMs, expiresAtMs }) => ({
      handle,
      device: readDevice(device),
      createdAt: new Date(createdAtMs),
      lastSeenAt: new Date(seenAtMs),
      expiresAt: new Date(expiresAtMs),
      isCurrent: current?.id.tag === tag && current.handle === handle,
    }));
  }

  /**
   * Ends one session of a user.
   *
   * @returns false when this user has no such session; another user's is not touched
   */
  async revoke(userId: string, handle: string): Promise<boolean> {
    if (!isHandle(handle)) return false;
    const tag = this.sessions.ids.tagOf(userId);
    const wasThere = await this.sessions.end({ tag, handle });
    if (wasThere) this.events.emit('session.revoked', { userId, handles: [handle], reason: 'one' });
    return wasThere;
  }

  /**
   * Ends all sessions of the user of a request but that one.
   *
   * @returns how many were on the list
   */
  revokeOthers(request: SessionRequest): Promise<number> {
    return forRequest(request, async (carrier) => {
      const { userId, handle } = userStateOf(carrier);
      return this.#revokeAll(userId, handle);
    });
  }

  /**
   * Ends all sessions of a user: those on the list, those that fell off it, and those whose login has a ticket and is not done.
   *
   * @returns how many were on the list
   */
  revokeAll(userId: string): Promise<number> {
    return this.#revokeAll(userId, undefined);
  }

  /**
   * Makes sure that the user proved who he is, by `login` or `confirmAuth`, within this time. What was confirmed counts for the
   * id that came of it: for the one before, whoever has that, there is no proof any more.
   *
   * @returns true when he did
   */
  isFreshAuth(request: SessionRequest, maxAge: Duration): Promise<boolean> {
    return forRequest(request, async (carrier) => {
      const state = stateOf(carrier.session);
      if (state?.userId === undefined) return false;
      const ageMs = await this.sessions.authenticationAge(state);
      return ageMs !== undefined && ageMs <= toMs(maxAge);
    });
  }

  /**
   * Say that the user of a request has just proved again who he is. The session gets a new id. Await it before you answer.
   *
   * @throws NoSessionError when there is no session of a user, or it has ended
   */
  confirmAuth(request: SessionRequest): Promise<void> {
    return forRequest(request, async (carrier) => {
      const state = await this.sessions.renew(userStateOf(carrier), true);
      if (!state) throw new NoSessionError('ended');
      await carrier.adopt(state, contentOf(carrier.session));
    });
  }

  /** Calls `listener` when sessions were revoked by this process, until the returned function is called. */
  onRevoked(listener: (event: RedisKitEventMap['session.revoked']) => void): () => void {
    return this.events.on('session.revoked', listener);
  }

  /** Calls `listener` when this process noticed that sessions had expired: best effort, when they are listed or at a login. */
  onExpired(listener: (event: RedisKitEventMap['session.expired']) => void): () => void {
    return this.events.on('session.expired', listener);
  }

  /** Every session there is, in no order, for administrators. One that begins or ends meanwhile may be missed. */
  async *scan(): AsyncGenerator<ScannedSession> {
    for await (const { place, session } of this.sessions.vault.scan()) {
      if (session.kind !== 'live') continue;
      const { userId, createdAtMs, endsAtMs } = session.facts;
      const [createdAt, endsAt] = [new Date(createdAtMs), new Date(endsAtMs)];
      yield { handle: place.handle, userId, createdAt, endsAt };
    }
  }

  async #login(carrier: SessionCarrier, userId: string, options: LoginOptions): Promise<Login> {
    const before = stateOf(carrier.session);
    // What belongs to one user is not handed to another.
    const isForeign = before?.userId !== undefined && before.userId !== userId;
    // First, or it would count as one of those that the user may have.
    if (before?.userId !== undefined) await this.sessions.end(before.id);
    const content = isForeign ? {} : contentOf(carrier.session);
    const device = JSON.stringify(describeDevice(carrier.client, options.device));
    const { answer, state } = await this.sessions.login(userId, content, {
      device,
      ticket: options.ticket,
    });
    if (answer.outcome === 'revoked') throw new LoginRevokedError();
    this.#announce('session.expired', userId, answer.expired);
    if (answer.outcome === 'refused') throw new SessionLimitError(this.sessions.options.maxPerUser);
    if (answer.ended.length > 0) {
      this.events.emit('session.revoked', { userId, handles: answer.ended, reason: 'limit' });
    }
    const isFirst = await this.#takeOver(before, content);
    await carrier.adopt(state, content);
    // A guest who changed something elsewhere meanwhile finds it here.
    await this.sessions.save(state, content);
    this.events.emit('session.logged-in', { userId, handle: state.handle });
    return { handle: state.handle, isFirst };
  }

  /** Ends the session that a guest had, and adds what other requests put into it meanwhile. */
  async #takeOver(
    before: SessionState | undefined,
    content: Record<string, unknown>,
  ): Promise<boolean> {
    if (!before || !isGuest(before.id)) return true;
    const claimed = await this.sessions.claim(before.id);
    // It has ended since it was read: not necessarily by a login, but whoever ended it was first.
    if (!claimed) return false;
    const merged = mergeContent(decodeContent(before.text) ?? {}, content, claimed.content);
    for (const key of Object.keys(content)) delete content[key];
    Object.assign(content, merged);
    return claimed.isFirst;
  }

  async #revokeAll(userId: string, kept: string | undefined): Promise<number> {
    const tag = this.sessions.ids.tagOf(userId);
    const { absoluteMs } = this.sessions.options;
    const handles = await this.sessions.vault.revokeAll(tag, kept, absoluteMs);
    const reason = kept === undefined ? 'all' : 'others';
    this.events.emit('session.revoked', { userId, handles, reason });
    return handles.length;
  }

  #announce(event: 'session.expired', userId: string, handles: readonly string[]): void {
    if (handles.length > 0) this.events.emit(event, { userId, handles });
  }
}

/** @throws NoSessionError for a guest */
function userStateOf(carrier: SessionCarrier): SessionState & { userId: string } {
  const state = stateOf(carrier.session);
  if (state?.userId === undefined) throw new NoSessionError('guest');
  return state as SessionState & { userId: string };
}
