import { hash } from 'node:crypto';

// Greedy up to the last @: a password may hold every character that ought to be escaped in a URL.
const CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)\S*@/gi;
const QUERY = /\b([a-z][a-z0-9+.-]*:\/\/[^\s?]*\?)\S+/gi;

/** Text with the credentials and the query of every URL in it replaced, fit for logs, errors and events. */
export function redactUrl(text: string): string {
  return text.replace(CREDENTIALS, '$1***@').replace(QUERY, '$1***');
}

/** A server that does not know a command repeats its arguments, the password of `HELLO … AUTH` included. */
const REPEATED_ARGUMENTS = /,? with args beginning with:.*/s;

/**
 * The message of a failure, fit for logs and events.
 *
 * The driver hangs the failed command with its arguments on the error, the password of AUTH included: only the
 * message leaves this function.
 */
export function safeMessage(error: unknown): string {
  return redactUrl(textOf(error).replace(REPEATED_ARGUMENTS, ''));
}

/** What a key is about, when it begins with words as keys do: `product:`, `Catalog.find(`. */
const KIND = /^[a-z][a-z._-]*[:/(#]/i;

/**
 * A key fit for logs and events: what kind it is of, and a digest of all of it, by which one key can be followed. The
 * rest of a key may be about a person.
 */
export function redactKey(key: string): string {
  const kind = KIND.exec(key)?.[0] ?? '';
  return `${kind}~${hash('sha256', JSON.stringify(key), 'buffer').subarray(0, 9).toString('base64url')}`;
}

function textOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message || error.name : String(error);
  } catch {
    // Not everything that is thrown has a text.
    return '[object Object]';
  }
}
