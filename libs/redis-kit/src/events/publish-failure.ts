import { safeMessage } from '../core/redact.js';
import { EventNotPublishedError, EventOutcomeUnknownError } from './events.errors.js';

/** The driver had no link to write to. */
const NOT_SENT = /^(Stream isn't writeable|Cluster isn't ready)/;
/** A script that failed may have done part of its work. */
const IN_SCRIPT = /\bscript: [\da-f]{40}\b/;

/** What is known about an event whose publication failed. */
export function publishFailure(
  event: string,
  error: unknown,
): EventNotPublishedError | EventOutcomeUnknownError {
  const message = safeMessage(error);
  const isRefused = (error as Error | undefined)?.name === 'ReplyError' && !IN_SCRIPT.test(message);
  const Failure =
    isRefused || NOT_SENT.test(message) ? EventNotPublishedError : EventOutcomeUnknownError;
  return new Failure(event, message, { cause: error });
}
