import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../core/connections/redis-connection.js';
import type { RedisKitEvents } from '../../core/events.js';
import { isConnectivityError } from '../../core/failsafe/connectivity.js';
import { Budget, UNAVAILABLE } from '../../core/failsafe/failsafe.js';
import type { KeySpace } from '../../core/key-space.js';
import { safeMessage } from '../../core/redact.js';
import { runScript } from '../../core/scripts/script-runner.js';
import { isGuest, type SessionPlace } from '../session-id.js';
import '../session.events.js';
import { SessionUnavailableException } from '../session.exception.js';
import {
  sessionDevicesKey,
  sessionEpochKey,
  sessionGraceKey,
  sessionIndexKey,
  sessionKey,
  sessionRevokedKey,
  sessionsPrefix,
} from '../session.keys.js';
import {
  adoptSession,
  authenticationAge,
  claimSession,
  createSession,
  endSession,
  listSessions,
  loginSession,
  renewSession,
  revokeAllSessions,
  saveSession,
  sessionTicket,
  touchSession,
} from '../session.scripts.js';
import { clearSessions, scanSessions } from './redis-session.scan.js';
import { encodeUser, parseRecord } from './session-record.js';
import type {
  ListedSession,
  LoginAnswer,
  LoginRequest,
  NewSession,
  NewUserSession,
  Renewal,
  SaveAnswer,
  SecretHolder,
  SessionVault,
  StoredSession,
} from './session-vault.js';

/** Keys that are removed in one command; more of them would hold up the server. */
const UNLINK_BATCH = 500;

export interface RedisSessionVaultSettings {
  readonly connection: RedisConnection;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
  readonly deadlineMs: number;
  readonly retryAfterMs: number;
}

/**
 * Sessions in Redis: one native command to read, one script for everything else. Fails with
 * `SessionUnavailableException` when Redis does not answer within the deadline, and at once while it is known to be away.
 */
export class RedisSessionVault implements SessionVault {
  readonly #settings: RedisSessionVaultSettings;

  constructor(settings: RedisSessionVaultSettings) {
    this.#settings = settings;
  }

  async read(place: SessionPlace): Promise<StoredSession> {
    const { session, grace, epoch } = this.#keys(place);
    // Guests have no epoch.
    const keys = isGuest(place) ? [session, grace] : [session, grace, epoch];
    const [record = null, previous = null, current = null] = await this.#ask(
      'session.read',
      session,
      (client) => client.mget(keys),
    );
    return parseRecord(record, current, previous);
  }

  create(place: SessionPlace, { digest, data, idleMs, absoluteMs }: NewSession): Promise<boolean> {
    const { session } = this.#keys(place);
    return this.#ask('session.create', session, (client) =>
      runScript(client, createSession, { session }, { digest, data, idleMs, absoluteMs }),
    );
  }

  async save(place: SessionPlace, version: number, data: string): Promise<SaveAnswer> {
    const { session, epoch } = this.#keys(place);
    const answer = await this.#ask('session.save', session, (client) =>
      runScript(client, saveSession, { session, epoch }, { version, data }),
    );
    if (answer.code === 0) return { outcome: 'gone' };
    return answer.code === 1
      ? { outcome: 'saved', version: answer.version }
      : { outcome: 'conflict', version: answer.version, data: answer.data };
  }

  async touch(place: SessionPlace, times: { idleMs: number; renewalMs: number }) {
    const { session, epoch, index, devices } = this.#keys(place);
    const code = await this.#ask('session.touch', session, (client) =>
      runScript(
        client,
        touchSession,
        { session, epoch, index, devices },
        { handle: place.handle, ...times },
      ),
    );
    if (code < 0) return 'gone';
    return code === 1 ? 'renewal-due' : 'touched';
  }

  ticket(tag: string, lifeMs: number): Promise<string> {
    const epoch = sessionEpochKey(this.#settings.keySpace, tag);
    return this.#ask('session.ticket', epoch, (client) =>
      runScript(client, sessionTicket, { epoch }, { lifeMs }),
    );
  }

  async login(place: SessionPlace, request: LoginRequest): Promise<LoginAnswer> {
    const { session, epoch, index, devices } = this.#keys(place);
    const sessions = sessionsPrefix(this.#settings.keySpace, place.tag);
    const { userId, evicts, ticket, ...rest } = request;
    const { code, expired, ended } = await this.#ask('session.login', session, (client) =>
      runScript(
        client,
        loginSession,
        { session, epoch, index, devices, sessions },
        {
          ...rest,
          handle: place.handle,
          user: encodeUser(userId),
          evicts: evicts ? 1 : 0,
          ticket: ticket ?? '',
        },
      ),
    );
    if (code === -1) return { outcome: 'revoked' };
    return code === -2 ? { outcome: 'refused', expired } : { outcome: 'created', expired, ended };
  }

  adopt(place: SessionPlace, { userId, ...session }: NewUserSession): Promise<boolean> {
    const keys = this.#keys(place);
    const revoked = sessionRevokedKey(this.#settings.keySpace, place.tag);
    return this.#ask('session.adopt', keys.session, (client) =>
      runScript(
        client,
        adoptSession,
        { ...keys, revoked },
        { ...session, handle: place.handle, user: encodeUser(userId) },
      ),
    );
  }

  claim(place: SessionPlace, digest: string, keepMs: number) {
    const { session } = this.#keys(place);
    return this.#ask('session.claim', session, (client) =>
      runScript(client, claimSession, { session }, { digest, keepMs }),
    );
  }

  end(place: SessionPlace, endedMs: number): Promise<boolean> {
    const { session, grace, index, devices } = this.#keys(place);
    return this.#ask('session.end', session, (client) =>
      runScript(
        client,
        endSession,
        { session, grace, index, devices },
        { handle: place.handle, endedMs },
      ),
    );
  }

  async revokeAll(tag: string, kept: string | undefined, absoluteMs: number): Promise<string[]> {
    const { keySpace } = this.#settings;
    const handle = kept ?? '';
    const { session, epoch, index, devices } = this.#keys({ tag, handle });
    const revoked = sessionRevokedKey(keySpace, tag);
    const ended = await this.#ask('session.revoke-all', epoch, (client) =>
      runScript(
        client,
        revokeAllSessions,
        { epoch, index, devices, revoked, kept: session },
        { handle, absoluteMs },
      ),
    );
    // They are dead by the new epoch; what is left of them only takes room, and would expire by itself.
    const prefix = sessionsPrefix(keySpace, tag);
    for (let from = 0; from < ended.length; from += UNLINK_BATCH) {
      const keys = ended.slice(from, from + UNLINK_BATCH).map((one) => prefix + one);
      await this.#ask('session.unlink', epoch, (client) => client.unlink(keys)).catch(() => 0);
    }
    return ended;
  }

  renew(place: SessionPlace, { authenticates, ...renewal }: Renewal): Promise<boolean> {
    const { session, epoch, grace } = this.#keys(place);
    return this.#ask('session.renew', session, (client) =>
      runScript(
        client,
        renewSession,
        { session, epoch, grace },
        { ...renewal, authenticates: authenticates ? 1 : 0 },
      ),
    );
  }

  authenticationAge(
    place: SessionPlace,
    { digest, successor }: SecretHolder,
  ): Promise<number | undefined> {
    const { session, epoch } = this.#keys(place);
    return this.#ask('session.age', session, (client) =>
      runScript(client, authenticationAge, { session, epoch }, { digest, successor }),
    );
  }

  list(tag: string, most: number): Promise<{ gone: string[]; entries: ListedSession[] }> {
    const { keySpace } = this.#settings;
    const index = sessionIndexKey(keySpace, tag);
    const keys = {
      index,
      devices: sessionDevicesKey(keySpace, tag),
      sessions: sessionsPrefix(keySpace, tag),
    };
    return this.#ask('session.list', index, (client) =>
      runScript(client, listSessions, keys, { most }),
    );
  }

  scan() {
    return scanSessions(this.#settings.connection, this.#settings.keySpace);
  }

  clear(): Promise<void> {
    return clearSessions(this.#settings.connection, this.#settings.keySpace);
  }

  readForeign(key: string): Promise<string | null> {
    return this.#ask('session.read-foreign', key, (client) => client.get(key));
  }

  async replaceForeign(key: string, value: string, lifeMs: number): Promise<void> {
    await this.#ask('session.replace-foreign', key, (client) =>
      client.set(key, value, 'PX', lifeMs, 'XX'),
    );
  }

  async removeForeign(key: string): Promise<void> {
    await this.#ask('session.remove-foreign', key, (client) => client.unlink(key));
  }

  #keys(place: SessionPlace) {
    const { keySpace } = this.#settings;
    return {
      session: sessionKey(keySpace, place),
      grace: sessionGraceKey(keySpace, place),
      epoch: sessionEpochKey(keySpace, place.tag),
      index: sessionIndexKey(keySpace, place.tag),
      devices: sessionDevicesKey(keySpace, place.tag),
    };
  }

  async #ask<T>(operation: string, key: string, work: (client: Redis) => Promise<T>): Promise<T> {
    const { connection, deadlineMs, retryAfterMs, events } = this.#settings;
    let failure: unknown;
    const budget = new Budget(deadlineMs);
    const answer = await connection.guarded(operation, key, budget, work, (error) => {
      failure = error;
    });
    if (answer !== UNAVAILABLE) return answer;
    // Redis answered, and disliked what it was asked: that is no outage, and is not hidden behind one.
    if (failure !== undefined && !isConnectivityError(failure)) throw failure;
    const message = failure === undefined ? 'Redis is known to be away' : safeMessage(failure);
    events.emit('session.unavailable', { operation, message });
    throw new SessionUnavailableException(retryAfterMs, { cause: failure });
  }
}
