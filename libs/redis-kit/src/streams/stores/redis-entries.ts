import type { LogEntry, RawEvent } from '../event.js';
import type { RedisEntry } from '../streams.scripts.js';
import type { Burial, BurialReason, RawLetter } from './group-storage.js';

const NOTHING = Buffer.alloc(0);

/** Fields of an entry by name. */
function fieldsOf(fields: readonly Buffer[]): Map<string, Buffer> {
  const byName = new Map<string, Buffer>();
  for (let i = 0; i + 1 < fields.length; i += 2) byName.set(fields[i]!.toString(), fields[i + 1]!);
  return byName;
}

/** An entry of a stream. Something foreign in it has no type, and is told when it is decoded. */
export function rawEventOf([id, fields]: RedisEntry, stream: string): RawEvent {
  const byName = fieldsOf(fields ?? []);
  return {
    id: text(byName.get('id')),
    type: text(byName.get('type')),
    stream,
    version: Number.parseInt(id.toString(), 10),
    recordedAtMs: Number(text(byName.get('at'))),
    data: byName.get('data') ?? NOTHING,
    meta: byName.get('meta') ?? NOTHING,
  };
}

/** An entry of a log. The fields are where the append script put them, unless somebody else wrote the entry. */
export function logEntryOf([id, fields]: RedisEntry): LogEntry {
  const list = fields ?? [];
  const isOurs = list.length === 14 && String(list[0]) === 'stream' && String(list[12]) === 'meta';
  const byName = isOurs ? undefined : fieldsOf(list);
  const value = (name: string, at: number) => (byName ? byName.get(name) : list[at]);
  return {
    position: id.toString('latin1'),
    stream: text(value('stream', 1)),
    version: Number(text(value('version', 3))),
    id: text(value('id', 5)),
    type: text(value('type', 7)),
    recordedAtMs: Number(text(value('at', 9))),
    data: value('data', 11) ?? NOTHING,
    meta: value('meta', 13) ?? NOTHING,
  };
}

const text = (bytes: Buffer | undefined): string => bytes?.toString() ?? '';

/** Fields of a dead letter: what the event was, and why it is one. */
export function letterFields(event: LogEntry, burial: Burial): (string | number | Buffer)[] {
  const { position, stream, version, id, type, recordedAtMs, data, meta } = event;
  return [
    ...['position', position, 'stream', stream, 'version', version, 'id', id, 'type', type],
    ...['at', recordedAtMs, 'data', data, 'meta', meta],
    ...['reason', burial.reason, 'message', burial.message, 'attempts', burial.attempts],
  ];
}

export function letterOf(entry: RedisEntry): RawLetter {
  const byName = fieldsOf(entry[1] ?? []);
  const value = (name: string): string => text(byName.get(name));
  return {
    id: entry[0].toString('latin1'),
    buriedAtMs: Number(value('buried')),
    reason: value('reason') as BurialReason,
    message: value('message'),
    attempts: Number(value('attempts')),
    event: {
      position: value('position'),
      stream: value('stream'),
      version: Number(value('version')),
      id: value('id'),
      type: value('type'),
      recordedAtMs: Number(value('at')),
      data: byName.get('data') ?? NOTHING,
      meta: byName.get('meta') ?? NOTHING,
    },
  };
}
