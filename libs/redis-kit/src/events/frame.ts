import { isEventName } from './event-name.js';

/** An event as it travels: a line of text, then the payload as the codec of the library writes it. */
export interface Frame {
  readonly name: string;
  readonly key: string;
  /** `<process>-<number>`. */
  readonly id: string;
  /** W3C trace context of the publisher, if it had one. */
  readonly traceparent: string | undefined;
  readonly payload: Buffer;
}

const VERSION = '1';
const NEWLINE = 0x0a;
/** Name, id, trace and a key of 512 characters, of which each may be escaped to nine bytes. */
const LONGEST_HEADER = 6_000;
const ID = /^[\w-]{1,64}$/;
const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;
export const LONGEST_KEY = 512;

export function encodeFrame({ name, key, id, traceparent = '', payload }: Frame): Buffer {
  // A key that is the name, as most are, is left out.
  const shownKey = key === name ? '' : encodeURIComponent(key);
  const header = `${VERSION} ${name} ${id} ${traceparent} ${shownKey}\n`;
  const length = Buffer.byteLength(header);
  const frame = Buffer.allocUnsafe(length + payload.length);
  frame.write(header, 0);
  payload.copy(frame, length);
  return frame;
}

/** Undefined when the bytes are not an event of this library. Nothing that comes from Redis is trusted. */
export function decodeFrame(bytes: Buffer): Frame | undefined {
  const end = bytes.subarray(0, LONGEST_HEADER).indexOf(NEWLINE);
  if (end < 0) return undefined;
  const [version, name, id = '', trace = '', shownKey, ...rest] = bytes
    .toString('utf8', 0, end)
    .split(' ');
  if (version !== VERSION || rest.length > 0 || shownKey === undefined) return undefined;
  const key = shownKey === '' ? name : decodedKey(shownKey);
  if (!isEventName(name) || !ID.test(id) || key === undefined) return undefined;
  const traceparent = TRACEPARENT.test(trace) ? trace : undefined;
  // A copy: what waits in a queue must not keep the whole network buffer.
  return { name, key, id, traceparent, payload: Buffer.from(bytes.subarray(end + 1)) };
}

function decodedKey(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The message of an entry of a log: its id, the one before it, its frame. Undefined when it is none. */
export function decodeKept(
  message: Buffer,
): { id: string; before: string; frame: Buffer } | undefined {
  const end = message.subarray(0, LONGEST_HEADER).indexOf(NEWLINE);
  const [id, before, ...rest] = message.toString('latin1', 0, Math.max(end, 0)).split(' ');
  if (!id || !before || rest.length > 0) return undefined;
  return { id, before, frame: message.subarray(end + 1) };
}
