import type { SessionPlace } from '../session-id.js';

/** What is stored about a session beside its data. Times are the server's. */
export interface SessionFacts {
  readonly version: number;
  readonly createdAtMs: number;
  readonly endsAtMs: number;
  /** When the user last proved who he is; 0: never in this session. */
  readonly authenticatedAtMs: number;
  readonly digest: string;
  readonly userId: string | undefined;
}

/** What stands in the place of a session. */
export type StoredSession =
  | { readonly kind: 'missing' | 'ended' | 'revoked' }
  | { readonly kind: 'claimed'; readonly digest: string; readonly data: string }
  | {
      readonly kind: 'live';
      readonly facts: SessionFacts;
      readonly data: string;
      /** Digest of the secret before a renewal, for as long as it is good. */
      readonly previous: string | undefined;
    };

export interface NewSession {
  readonly digest: string;
  readonly data: string;
  readonly idleMs: number;
  readonly absoluteMs: number;
}

export interface NewUserSession extends NewSession {
  readonly userId: string;
}

export interface LoginRequest extends NewUserSession {
  readonly device: string;
  /** 0: any number. */
  readonly most: number;
  readonly evicts: boolean;
  readonly ticket: string | undefined;
  readonly endedMs: number;
}

export type LoginAnswer =
  | { readonly outcome: 'created'; readonly expired: string[]; readonly ended: string[] }
  | { readonly outcome: 'refused'; readonly expired: string[] }
  | { readonly outcome: 'revoked' };

export type SaveAnswer =
  | { readonly outcome: 'saved'; readonly version: number }
  | { readonly outcome: 'conflict'; readonly version: number; readonly data: string }
  | { readonly outcome: 'gone' };

export interface ListedSession {
  readonly handle: string;
  readonly createdAtMs: number;
  readonly seenAtMs: number;
  readonly expiresAtMs: number;
  readonly device: string;
}

export interface Renewal {
  readonly digest: string;
  readonly next: string;
  readonly graceMs: number;
  readonly authenticates: boolean;
}

/** Digests of the secret that a request came with, and of the one that follows from it. */
export interface SecretHolder {
  readonly digest: string;
  readonly successor: string;
}

/**
 * Keeps sessions. Every method is one atomic step; all times are those of the vault, callers give durations.
 */
export interface SessionVault {
  read(place: SessionPlace): Promise<StoredSession>;
  /** @returns false when something is, or was just now, in this place. */
  create(place: SessionPlace, session: NewSession): Promise<boolean>;
  /** @param version that was read; 0: whatever there is */
  save(place: SessionPlace, version: number, data: string): Promise<SaveAnswer>;
  touch(
    place: SessionPlace,
    times: { idleMs: number; renewalMs: number },
  ): Promise<'touched' | 'renewal-due' | 'gone'>;
  ticket(tag: string, lifeMs: number): Promise<string>;
  login(place: SessionPlace, request: LoginRequest): Promise<LoginAnswer>;
  /** @returns false when the sessions of the user were revoked. */
  adopt(place: SessionPlace, session: NewUserSession): Promise<boolean>;
  claim(
    place: SessionPlace,
    digest: string,
    keepMs: number,
  ): Promise<{ readonly isFirst: boolean; readonly data: string } | undefined>;
  /** @returns false when there was none. */
  end(place: SessionPlace, endedMs: number): Promise<boolean>;
  /** @returns the handles that were ended. */
  revokeAll(tag: string, kept: string | undefined, absoluteMs: number): Promise<string[]>;
  renew(place: SessionPlace, renewal: Renewal): Promise<boolean>;
  /**
   * Milliseconds since the user proved who he is; undefined also for those who have neither the secret of the session nor the
   * one that it followed from.
   */
  authenticationAge(place: SessionPlace, holder: SecretHolder): Promise<number | undefined>;
  list(tag: string, most: number): Promise<{ gone: string[]; entries: ListedSession[] }>;
  /** Every session there is, in no order; one that comes or goes meanwhile may be missed. */
  scan(): AsyncIterable<{ readonly place: SessionPlace; readonly session: StoredSession }>;
  /** Ends everything, without a trace. */
  clear(): Promise<void>;
  /** What connect-redis stored under this key. */
  readForeign(key: string): Promise<string | null>;
  /** Replaces what connect-redis stored. */
  replaceForeign(key: string, value: string, lifeMs: number): Promise<void>;
  removeForeign(key: string): Promise<void>;
}
