import { SessionTooLargeError } from './session.errors.js';

/** What an application keeps in a session. */
export type SessionContent = Record<string, unknown>;

const PROTO = '__proto__';

/**
 * The data of a session as it is stored, without the cookie, which is not data.
 *
 * @throws SessionTooLargeError
 */
export function encodeContent(session: object, maxBytes: number): string {
  const { cookie: _, ...content } = session as SessionContent;
  const text = JSON.stringify(content);
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) throw new SessionTooLargeError(bytes, maxBytes);
  return text;
}

/**
 * Data as it was stored; undefined when it is none. A `__proto__` in it is dropped, at any depth: copied to another object,
 * it would become that object's prototype.
 */
export function decodeContent(text: string): SessionContent | undefined {
  // Escapes could spell it, too.
  const isSuspect = text.includes(PROTO) || text.includes('\\u005');
  try {
    const content: unknown = isSuspect
      ? JSON.parse(text, (key, value: unknown) => (key === PROTO ? undefined : value))
      : JSON.parse(text);
    const isContent = typeof content === 'object' && content !== null && !Array.isArray(content);
    return isContent ? (content as SessionContent) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What two requests made of the same data: of each top-level key, the change. Of a key that both changed, `ours`: it is the
 * later one.
 */
export function mergeContent(
  base: SessionContent,
  ours: SessionContent,
  theirs: SessionContent,
): SessionContent {
  const merged: SessionContent = { ...theirs };
  for (const key of new Set([...Object.keys(base), ...Object.keys(ours)])) {
    if (textOf(base, key) === textOf(ours, key)) continue;
    if (Object.hasOwn(ours, key)) merged[key] = ours[key];
    else delete merged[key];
  }
  return merged;
}

const textOf = (content: SessionContent, key: string): string | undefined =>
  Object.hasOwn(content, key) ? JSON.stringify(content[key]) : undefined;
