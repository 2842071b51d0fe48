const CREDENTIALS = /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/@]*)@/gi;

/** Text with the credentials of every URL in it replaced, fit for logs, errors and events. */
export function redactUrl(text: string): string {
  return text.replace(CREDENTIALS, '$1***@');
}

/**
 * The message of a failure, fit for logs and events.
 *
 * The driver hangs the failed command with its arguments on the error, the password of AUTH included: only the
 * message leaves this function.
 */
export function safeMessage(error: unknown): string {
  return redactUrl(error instanceof Error ? error.message || error.name : String(error));
}
