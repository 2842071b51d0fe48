import { createHash, createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Where a session is stored. `tag` is the Cluster hash tag: all sessions of a user share a slot. */
export interface SessionPlace {
  /** `u` and a keyed hash of the user, or `g` and random for a guest. */
  readonly tag: string;
  /** Names the session for as long as it lives. Not a secret: lists of devices show it. */
  readonly handle: string;
}

/** A session id taken apart: `<tag>.<handle>.<secret>`. */
export interface SessionId extends SessionPlace {
  readonly id: string;
  /** Only its SHA-256 is ever stored. */
  readonly secret: string;
}

const SHAPE = /^([ug][\w-]{16})\.([\w-]{12})\.([\w-]{32})$/;
const TAG_BYTES = 12;
const HANDLE_BYTES = 9;
const SECRET_BYTES = 24;

/** Takes an id apart; undefined when it is none of ours. */
export function parseSessionId(id: string): SessionId | undefined {
  const [, tag, handle, secret] = SHAPE.exec(id) ?? [];
  return secret === undefined ? undefined : { id, tag: tag!, handle: handle!, secret };
}

/** True for what `listForUser` calls a handle; everything else cannot be one. */
export const isHandle = (text: string): boolean => /^[\w-]{12}$/.test(text);

export const isGuest = ({ tag }: SessionPlace): boolean => tag.startsWith('g');

/** What is stored in place of a secret. */
export const digestOf = (secret: string): string => hash('sha256', secret, 'base64url');

/** Compares digests in a time that tells nothing about them. */
export function isSameDigest(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * Makes session ids.
 *
 * The tag of a user is an HMAC with a key that never changes, or every session would be lost: it is not the secret of the
 * cookie. Successors are made with the secret of the cookie: whoever knows an old id must not be able to compute the next.
 */
export class SessionIds {
  readonly #tagKey: Buffer;

  constructor(
    tagKey: string,
    private readonly successorKey: string,
  ) {
    this.#tagKey = createHash('sha256').update(`session tags of ${tagKey}`).digest();
  }

  tagOf(userId: string): string {
    const mac = createHmac('sha256', this.#tagKey).update(userId).digest();
    return `u${mac.subarray(0, TAG_BYTES).toString('base64url')}`;
  }

  forGuest(): SessionId {
    return join(`g${random(TAG_BYTES)}`, random(HANDLE_BYTES), random(SECRET_BYTES));
  }

  forUser(userId: string): SessionId {
    return join(this.tagOf(userId), random(HANDLE_BYTES), random(SECRET_BYTES));
  }

  /** The same session under a secret that nobody knew before. */
  withNewSecret({ tag, handle }: SessionPlace): SessionId {
    return join(tag, handle, random(SECRET_BYTES));
  }

  /** The id after a renewal. Requests that renew at the same time, anywhere, come to the same one. */
  successorOf(id: SessionId): SessionId {
    return join(id.tag, id.handle, this.#derive('renewal', id.id, SECRET_BYTES));
  }

  /** The id that a session of another format is continued under, by all requests alike. */
  successorOfForeign(id: string, userId: string | undefined): SessionId {
    const tag =
      userId === undefined ? `g${this.#derive('tag', id, TAG_BYTES)}` : this.tagOf(userId);
    return join(
      tag,
      this.#derive('handle', id, HANDLE_BYTES),
      this.#derive('secret', id, SECRET_BYTES),
    );
  }

  #derive(purpose: string, text: string, bytes: number): string {
    const mac = createHmac('sha256', this.successorKey).update(`${purpose}:${text}`).digest();
    return mac.subarray(0, bytes).toString('base64url');
  }
}

const random = (bytes: number): string => randomBytes(bytes).toString('base64url');

const join = (tag: string, handle: string, secret: string): SessionId => ({
  id: `${tag}.${handle}.${secret}`,
  tag,
  handle,
  secret,
});
