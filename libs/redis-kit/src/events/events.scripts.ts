import {
  defineBinaryScript,
  defineScript,
  type RawBufferReply,
} from '../core/scripts/define-script.js';

export const keepEvent = defineScript({
  name: 'events.keep',
  source: new URL('./lua/keep.lua', import.meta.url),
  keys: ['log'],
  args: ['channel', 'frame', 'known', 'history', 'retentionMs'],
  reply: String,
});

/** An entry of a log. `before` is the id of the entry before it, with a `!` in front when acknowledged ones were lost. */
export interface KeptEntry {
  readonly id: string;
  readonly before: string;
  readonly frame: Buffer;
}

/** What a log says about a subscriber that stands at a cursor. */
export interface Missed {
  readonly newest: string;
  readonly oldest: string;
  readonly isCursorThere: boolean;
  readonly entries: readonly KeptEntry[];
}

export const readMissed = defineBinaryScript({
  name: 'events.read-missed',
  source: new URL('./lua/read-missed.lua', import.meta.url),
  keys: ['log'],
  args: ['cursor', 'count'],
  idempotent: true,
  reply: (raw): Missed => {
    const [newest, oldest, isThere, entries] = raw as RawBufferReply[];
    return {
      newest: String(newest),
      oldest: String(oldest),
      isCursorThere: isThere === 1,
      entries: (entries as [Buffer, Buffer[]][]).map(([id, fields]) => entryOf(id, fields)),
    };
  },
});

/** Whoever writes to the stream by hand may leave fields out. */
function entryOf(id: Buffer, fields: readonly Buffer[]): KeptEntry {
  let before = '';
  let frame: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = String(fields[at]);
    if (name === 'p') before = String(fields[at + 1]);
    else if (name === 'd') frame = fields[at + 1]!;
  }
  return { id: String(id), before, frame };
}
