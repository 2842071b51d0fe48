import {
  defineBinaryScript,
  defineScript,
  type RawBufferReply,
} from '../core/scripts/define-script.js';
import type { AppendReply } from './stores/event-storage.js';

/** `[id, [field, value, …]]` of a Redis stream. */
export type RedisEntry = readonly [id: Buffer, fields: readonly Buffer[] | null];

export const appendEvents = defineScript({
  name: 'streams.append',
  source: new URL('./lua/append.lua', import.meta.url),
  shared: [
    new URL('./lua/log-head.lua', import.meta.url),
    new URL('./lua/stream-state.lua', import.meta.url),
  ],
  keys: ['log', 'head', 'events', 'state', 'olderIds'],
  args: ['stream', 'partitions', 'expected', 'lastEventId', 'channel', 'window', '...additions'],
  reply: (raw): AppendReply => {
    const [outcome, version, lastEventId, epoch, ordinal] = raw as [string, number, ...string[]];
    switch (outcome) {
      case 'appended':
        return { outcome, version, lastEventId: lastEventId!, position: `${epoch}-${ordinal}` };
      case 'duplicate':
        return { outcome, version, lastEventId: lastEventId! };
      case 'partitions':
        return { outcome, stored: version };
      default:
        return { outcome: outcome as 'conflict' | 'diverged' | 'reused', actual: version };
    }
  },
  idempotent: true,
});

export const readLog = defineBinaryScript({
  name: 'streams.read-log',
  source: new URL('./lua/read-log.lua', import.meta.url),
  keys: ['log', 'head'],
  args: ['after', 'limit'],
  reply: entriesOf,
  idempotent: true,
});

export const saveSnapshot = defineScript({
  name: 'streams.save-snapshot',
  source: new URL('./lua/save-snapshot.lua', import.meta.url),
  keys: ['events', 'snapshot'],
  args: ['version', 'eventId', 'schema', 'state'],
  reply: (raw) => raw === 1,
  idempotent: true,
});

export const loadStream = defineBinaryScript({
  name: 'streams.load',
  source: new URL('./lua/load-stream.lua', import.meta.url),
  keys: ['events', 'snapshot'],
  args: ['schema', 'limit'],
  reply: (raw) => {
    const [found, entries] = raw as RawBufferReply[][];
    const [version, eventId, , state] = found as (Buffer | undefined)[];
    return {
      snapshot:
        version && eventId && state
          ? { version: Number(String(version)), eventId: String(eventId), state }
          : undefined,
      entries: entriesOf(entries!),
    };
  },
  idempotent: true,
});

export const trimLog = defineScript({
  name: 'streams.trim-log',
  source: new URL('./lua/trim-log.lua', import.meta.url),
  keys: ['log', 'head'],
  args: ['keep'],
  reply: Number,
  idempotent: true,
});

function entriesOf(raw: RawBufferReply): RedisEntry[] {
  return raw as unknown as RedisEntry[];
}
