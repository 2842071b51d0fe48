import type { LogEntry, RawEvent } from '../event.js';
import type { RedisEntry } from '../streams.scripts.js';

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
