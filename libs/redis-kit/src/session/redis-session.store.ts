import { RedisStore } from 'connect-redis';
import type { SessionData } from 'express-session';
import type { RedisKitEvents } from '../core/events.js';
import { decodeContent, type SessionContent } from './session-data.js';
import { isGuest, parseSessionId } from './session-id.js';
import { SessionConflictError } from './session.errors.js';
import './session.events.js';
import { attachState, STATE, stateOf } from './session-request.js';
import type { LoadedSession, SessionState, Sessions } from './sessions.js';

type Callback = (error?: unknown, value?: never) => unknown;

/** How long a session of connect-redis points to its successor, for requests that are on their way. */
const POINTER_MS = 60_000;
const POINTER = '~redis-kit:user';

/**
 * The store of express-session and @fastify/session.
 *
 * It is a `RedisStore` of connect-redis, so that whatever takes one takes this one. Its reading of foreign sessions is
 * used; everything that writes is done differently: a session that ended is not brought back by a save, what two
 * requests change does not get lost, and lists work on a Cluster.
 */
export class RedisSessionStore extends RedisStore {
  /** What goes on under another id, by the one it had, until the framework asks to destroy that. */
  readonly #replaced = new Map<string, SessionState[]>();

  constructor(
    private readonly sessions: Sessions,
    private readonly events: RedisKitEvents,
  ) {
    super({
      // All it is asked for is `get`, of foreign sessions.
      client: { get: (key: string) => sessions.vault.readForeign(key) },
      prefix: sessions.options.foreign?.prefix ?? '',
      serializer: {
        parse: (text) => (decodeContent(text) ?? null) as unknown as SessionData,
        stringify: JSON.stringify,
      },
    });
  }

  /**
   * For a framework that destroys an id before it makes the next: the session under the old one has been seen to, and the one
   * that comes is stored.
   */
  replace(sid: string, successor: SessionState): void {
    for (const id of [sid, successor.id.id]) {
      this.#replaced.set(id, [...(this.#replaced.get(id) ?? []), successor]);
    }
  }

  override get(sid: string, callback?: Callback): Promise<unknown> {
    return answer(this.#get(sid), callback);
  }

  override set(sid: string, session: SessionData, callback?: Callback): Promise<unknown> {
    return answer(this.#set(sid, session), callback);
  }

  /** Does nothing: a session is touched when it is read. */
  override touch(_sid: string, _session: SessionData, callback?: Callback): Promise<unknown> {
    return answer(Promise.resolve(null), callback);
  }

  override destroy(sid: string, callback?: Callback): Promise<unknown> {
    return answer(this.#destroy(sid), callback);
  }

  /** Ends all sessions of the namespace, of everybody. */
  override clear(callback?: Callback): Promise<unknown> {
    return answer(this.sessions.vault.clear(), callback);
  }

  /** The number of sessions that are alive, of all masters. */
  override length(callback?: Callback): Promise<unknown> {
    return answer(
      this.#all().then((all) => all.length),
      callback,
    );
  }

  /** `<tag>.<handle>` of all sessions. Ids cannot be told: of their secret, only a digest is stored. */
  override ids(callback?: Callback): Promise<unknown> {
    return answer(
      this.#all().then((all) => all.map(({ id }) => id)),
      callback,
    );
  }

  /** The data of all sessions, each with `id` as `ids` tells it. */
  override all(callback?: Callback): Promise<unknown> {
    return answer(this.#all(), callback);
  }

  /** Called by express-session for a session that was found. */
  override createSession(...args: Parameters<RedisStore['createSession']>) {
    const [request, data] = args;
    const state = stateOf(data);
    const { [STATE]: _, ...content } = data as unknown as SessionContent;
    const session = super.createSession(request, content as unknown as SessionData);
    if (state) attachState(session, state);
    return session;
  }

  async #get(sid: string): Promise<SessionContent | null> {
    const id = parseSessionId(sid);
    const loaded = id ? await this.sessions.load(id) : await this.#getForeign(sid);
    return loaded ? asSessionData(loaded) : null;
  }

  async #set(sid: string, session: SessionData): Promise<null> {
    const successor = this.#replacedBy(sid);
    if (successor) {
      attachState(session, successor);
      return null;
    }
    const state = stateOf(session);
    if (state) {
      await this.sessions.save(state, session);
      return null;
    }
    const id = parseSessionId(sid);
    // Only a session that was just generated has no state, and only a guest's is created here.
    if (!id || !isGuest(id)) throw new SessionConflictError(id?.handle ?? '(unknown)');
    const created = await this.sessions.create(id, session);
    if (!created) throw new SessionConflictError(id.handle);
    attachState(session, created);
    return null;
  }

  async #destroy(sid: string): Promise<null> {
    if (this.#replacedBy(sid)) return null;
    const id = parseSessionId(sid);
    if (id) await this.sessions.end(id);
    return null;
  }

  async #all(): Promise<(SessionContent & { id: string })[]> {
    const all: (SessionContent & { id: string })[] = [];
    for await (const { place, session } of this.sessions.vault.scan()) {
      if (session.kind !== 'live') continue;
      const content = decodeContent(session.data);
      if (content) all.push({ ...content, id: `${place.tag}.${place.handle}` });
    }
    return all;
  }

  /** A session of plain connect-redis goes on under a new id, unless it has ended since. */
  async #getForeign(sid: string): Promise<LoadedSession | undefined> {
    const { foreign } = this.sessions.options;
    if (!foreign) return undefined;
    const data = (await super.get(sid)) as SessionContent | null;
    if (!data) return undefined;
    const key = foreign.prefix + sid;
    const isPointer = Object.hasOwn(data, POINTER);
    const userId = isPointer ? userOfPointer(data) : foreign.userOf(data);
    const id = this.sessions.ids.successorOfForeign(sid, userId);
    if (!isPointer) {
      const { cookie: _, ...content } = data;
      if (!(await this.sessions.adopt(id, userId, content))) {
        await this.sessions.vault.removeForeign(key);
        return undefined;
      }
      const pointer = JSON.stringify({ cookie: {}, [POINTER]: userId ?? null });
      await this.sessions.vault.replaceForeign(key, pointer, POINTER_MS);
      this.events.emit('session.migrated', { handle: id.handle });
    }
    return this.sessions.load(id);
  }

  #replacedBy(sid: string): SessionState | undefined {
    const states = this.#replaced.get(sid);
    const state = states?.shift();
    if (states?.length === 0) this.#replaced.delete(sid);
    return state;
  }
}

const userOfPointer = (data: SessionContent): string | undefined =>
  typeof data[POINTER] === 'string' ? data[POINTER] : undefined;

/**
 * What the frameworks make a session of. Its cookie has no expiry: with one, they would send the cookie again whenever the
 * session changed, and a late request from before a login would undo it in the browser.
 */
function asSessionData({ state, content }: LoadedSession): SessionContent {
  return { ...content, cookie: { originalMaxAge: null, expires: null }, [STATE]: state };
}

/** To the callback, if there is one. */
async function answer(work: Promise<unknown>, callback?: Callback): Promise<unknown> {
  if (!callback) return work;
  let value: unknown;
  try {
    value = await work;
  } catch (error) {
    return callback(error);
  }
  return callback(null, value as never);
}
