import { LRUCache } from 'lru-cache';
import type { RedisKitEvents } from '../core/events.js';
import {
  digestOf,
  isGuest,
  isSameDigest,
  type SessionId,
  type SessionIds,
  type SessionPlace,
} from './session-id.js';
import { decodeContent, encodeContent, mergeContent, type SessionContent } from './session-data.js';
import { SessionConflictError } from './session.errors.js';
import './session.events.js';
import type { ResolvedSessionOptions } from './session.options.js';
import type { SessionVault } from './stores/session-vault.js';

/** How long an ended session is remembered: longer than any request that still has it. */
const ENDED_MS = 3_600_000;
/** How long the data of a guest who logged in is handed out to requests that were sent before. */
const CLAIMED_MS = 60_000;
/** A ticket that is older than a person takes for a password and a second factor. */
const TICKET_MS = 900_000;
/** Sessions whose last touch a process remembers; of one that it forgot, the next touch comes early. */
const MOST_TOUCHES = 50_000;
/** Attempts to save what others keep saving, too. Each means that another one got through. */
const MOST_MERGES = 20;

/** What a request knows about the session it was given. */
export class SessionState {
  constructor(
    readonly id: SessionId,
    readonly userId: string | undefined,
    public version: number,
    /** The data as it is stored, to find out what the request changed. */
    public text: string,
    /** A session that is over, of which only a copy is left: nothing is saved. */
    readonly isCopy = false,
  ) {}

  get handle(): string {
    return this.id.handle;
  }

  /** It travels with the data of the session, and is none of it. */
  toJSON(): undefined {
    return undefined;
  }
}

export interface LoadedSession {
  readonly state: SessionState;
  readonly content: SessionContent;
}

export interface SessionsSettings {
  readonly vault: SessionVault;
  readonly ids: SessionIds;
  readonly options: ResolvedSessionOptions;
  readonly events: RedisKitEvents;
}

/** The life of one session, whatever the framework: read, create, save, touch, renew, end. */
export class Sessions {
  readonly ids: SessionIds;
  readonly vault: SessionVault;
  readonly options: ResolvedSessionOptions;
  readonly #events: RedisKitEvents;
  /** When each session was touched last, on the clock of this process that nobody sets. */
  readonly #touched = new LRUCache<string, number>({ max: MOST_TOUCHES });
  readonly #renewals = new LRUCache<string, true>({ max: MOST_TOUCHES });

  constructor({ vault, ids, options, events }: SessionsSettings) {
    this.vault = vault;
    this.ids = ids;
    this.options = options;
    this.#events = events;
  }

  /** The session of an id, or undefined when there is none, none any more, or the id is not (or no longer) good for it. */
  async load(id: SessionId): Promise<LoadedSession | undefined> {
    const stored = await this.vault.read(id);
    const digest = digestOf(id.secret);
    if (stored.kind === 'claimed') {
      if (!isSameDigest(digest, stored.digest)) return undefined;
      return this.#decode(id, new SessionState(id, undefined, 0, stored.data, true));
    }
    if (stored.kind !== 'live') return undefined;
    const { facts, previous, data } = stored;
    const current = this.#currentId(id, digest, facts.digest, previous);
    if (!current) {
      this.#events.emit('session.refused', { handle: id.handle });
      return undefined;
    }
    this.#touchSometimes(id);
    const { userId, version } = facts;
    return this.#decode(id, new SessionState(current, userId, version, data));
  }

  /** The id that a session has now, for one that is good for it: in the grace after a renewal, that is its successor. */
  #currentId(
    id: SessionId,
    digest: string,
    stored: string,
    previous: string | undefined,
  ): SessionId | undefined {
    if (isSameDigest(digest, stored)) return id;
    if (previous === undefined || !isSameDigest(digest, previous)) return undefined;
    const successor = this.ids.successorOf(id);
    return isSameDigest(digestOf(successor.secret), stored) ? successor : id;
  }

  /** Creates the session of a guest. Undefined when something was there: the id was not new. */
  async create(id: SessionId, session: object): Promise<SessionState | undefined> {
    const { idleMs, absoluteMs, maxBytes } = this.options;
    const data = encodeContent(session, maxBytes);
    const created = { digest: digestOf(id.secret), data, idleMs, absoluteMs };
    if (!(await this.vault.create(id, created))) return undefined;
    this.#noteTouch(id);
    return new SessionState(id, undefined, 1, data);
  }

  /**
   * Saves what a request changed. Nothing changed: nothing is sent. The session ended meanwhile: nothing is stored.
   *
   * @throws SessionConflictError when another request saved it, and the policy is to refuse
   */
  async save(state: SessionState, session: object): Promise<void> {
    if (state.isCopy) return;
    const { maxBytes, onConflict } = this.options;
    let data = encodeContent(session, maxBytes);
    if (data === state.text) return;
    let version = onConflict === 'last-write' ? 0 : state.version;
    for (let attempt = 0; attempt < MOST_MERGES; attempt++) {
      const answer = await this.vault.save(state.id, version, data);
      if (answer.outcome === 'saved') {
        state.version = answer.version;
        state.text = data;
        return;
      }
      const { handle } = state;
      if (answer.outcome === 'gone') {
        this.#events.emit('session.save-dropped', { handle });
        return;
      }
      this.#events.emit('session.conflicted', { handle, policy: onConflict });
      if (onConflict === 'reject') break;
      const [base, ours, theirs] = [state.text, data, answer.data].map(
        (text) => decodeContent(text) ?? {},
      );
      state.text = answer.data;
      data = encodeContent(mergeContent(base!, ours!, theirs!), maxBytes);
      version = answer.version;
    }
    throw new SessionConflictError(state.handle);
  }

  /** Ends a session. Nothing that is on its way brings it back. */
  end(place: SessionPlace): Promise<boolean> {
    return this.vault.end(place, ENDED_MS);
  }

  ticket(userId: string): Promise<string> {
    return this.vault.ticket(this.ids.tagOf(userId), TICKET_MS);
  }

  async login(
    userId: string,
    content: SessionContent,
    { device, ticket }: { device: string; ticket: string | undefined },
  ) {
    const { idleMs, absoluteMs, maxBytes, maxPerUser, onLimit } = this.options;
    const id = this.ids.forUser(userId);
    const data = encodeContent(content, maxBytes);
    const answer = await this.vault.login(id, {
      ...{ userId, data, device, ticket, idleMs, absoluteMs },
      digest: digestOf(id.secret),
      most: maxPerUser,
      evicts: onLimit === 'evict-oldest',
      endedMs: ENDED_MS,
    });
    this.#noteTouch(id);
    return { answer, state: new SessionState(id, userId, 1, data) };
  }

  /** What a guest leaves to the session that follows: all of it to the first login, and a copy to others. */
  async claim(id: SessionId): Promise<{ isFirst: boolean; content: SessionContent } | undefined> {
    const claimed = await this.vault.claim(id, digestOf(id.secret), CLAIMED_MS);
    return claimed && { isFirst: claimed.isFirst, content: decodeContent(claimed.data) ?? {} };
  }

  /** True when the id of a session is to be replaced. */
  isRenewalDue({ id, isCopy }: SessionState): boolean {
    return !isCopy && this.#renewals.has(id.id);
  }

  /**
   * How a request goes on whose cookie has the id `sid`, where that is not as it came: with a session that was taken over, or
   * one whose id is replaced. A renewal that fails is no reason to fail the request; the next touch says again that it is due.
   */
  async moved(state: SessionState, sid: string): Promise<SessionState | undefined> {
    if (state.id.id !== sid) return state;
    if (!this.isRenewalDue(state)) return undefined;
    return this.renew(state).catch(() => undefined);
  }

  /** Milliseconds since the user of a session proved who he is; undefined when he did so under an id that does not follow from this one. */
  authenticationAge({ id }: SessionState): Promise<number | undefined> {
    const successor = this.ids.successorOf(id);
    return this.vault.authenticationAge(id, {
      digest: digestOf(id.secret),
      successor: digestOf(successor.secret),
    });
  }

  /** The state under a successor of its id; undefined when the session ended, or got another successor. */
  async renew(state: SessionState, authenticates = false): Promise<SessionState | undefined> {
    const { id, userId, version, text } = state;
    // Requests that renew at the same time come to the same id; one that follows from a password is nobody else's.
    const next = authenticates ? this.ids.withNewSecret(id) : this.ids.successorOf(id);
    this.#renewals.delete(id.id);
    const isRenewed = await this.vault.renew(id, {
      digest: digestOf(id.secret),
      next: digestOf(next.secret),
      graceMs: this.options.renewalGraceMs,
      authenticates,
    });
    if (!isRenewed) return undefined;
    this.#events.emit('session.renewed', { handle: id.handle });
    return new SessionState(next, userId, version, text);
  }

  /** Continues what plain connect-redis stored, under an id that all requests with the old one come to. */
  async adopt(id: SessionId, userId: string | undefined, content: object): Promise<boolean> {
    const { idleMs, absoluteMs, maxBytes } = this.options;
    const data = encodeContent(content, maxBytes);
    const session = { digest: digestOf(id.secret), data, idleMs, absoluteMs };
    if (isGuest(id) || userId === undefined) {
      await this.vault.create(id, session);
      return true;
    }
    return this.vault.adopt(id, { ...session, userId });
  }

  #decode(id: SessionId, state: SessionState): LoadedSession | undefined {
    const content = decodeContent(state.text);
    if (content) return { state, content };
    this.#events.emit('session.undecodable', { handle: id.handle });
    return undefined;
  }

  /** Not awaited: the request does not need it, and the next one makes up for a touch that failed. */
  #touchSometimes(id: SessionId): void {
    const { idleMs, renewalMs, touchEveryMs } = this.options;
    const last = this.#touched.get(keyOf(id));
    if (last !== undefined && performance.now() - last < touchEveryMs) return;
    this.#noteTouch(id);
    this.vault.touch(id, { idleMs, renewalMs }).then(
      (answer) => {
        if (answer === 'renewal-due') this.#renewals.set(id.id, true);
      },
      () => this.#touched.delete(keyOf(id)),
    );
  }

  #noteTouch(place: SessionPlace): void {
    this.#touched.set(keyOf(place), performance.now());
  }
}

const keyOf = ({ tag, handle }: SessionPlace): string => `${tag}.${handle}`;
