import { randomUUID } from 'node:crypto';
import { Codec } from '../core/codec/codec.js';
import { CodecError } from '../core/redis-kit.error.js';
import { safeMessage } from '../core/redact.js';
import type { LogEntry, LoggedEvent, NewEvent, RawEvent, StoredEvent } from './event.js';
import { EVENT_TYPE_FORM, isEventType, type EventTypes } from './event-type.js';
import type { PartitionPlace } from './stream-name.js';
import type { EncodedEvent } from './stores/event-storage.js';
import { StreamPayloadError, StreamArgumentError } from './streams.errors.js';

export interface EventCodecOptions {
  readonly format: 'json' | 'msgpack';
  readonly maxEventBytes: number;
}

const EVENT_ID = /^[\w.:-]{1,64}$/;
const NOTHING = Buffer.alloc(0);
/** Metadata is small by nature; what is not is a payload in the wrong place. */
const MOST_META_BYTES = 16_384;

/** An event with the id it is sent with. */
export type IdentifiedEvent = NewEvent & { readonly id: string };

/** Gives each event an id, unless it has one. */
export function identify(events: readonly NewEvent[]): IdentifiedEvent[] {
  return events.map((event) => ({ ...event, id: event.id ?? randomUUID() }));
}

/** Turns events into what is stored, and back. What comes from Redis is checked, not trusted. */
export class EventCodec {
  readonly #data: Codec;
  readonly #meta: Codec;

  constructor(
    { format, maxEventBytes }: EventCodecOptions,
    readonly types: EventTypes,
  ) {
    const codec = (bytes: number) =>
      new Codec({
        format,
        compressAbove: Infinity,
        maxEncodedBytes: bytes + 1,
        maxDecodedBytes: bytes,
      });
    this.#data = codec(maxEventBytes);
    this.#meta = codec(MOST_META_BYTES);
  }

  /**
   * @throws StreamArgumentError when it is no event.
   * @throws StreamPayloadError when its payload is not what its type says, or too large.
   */
  encode(event: IdentifiedEvent): EncodedEvent {
    const { id, type, data, metadata = {} } = event;
    if (typeof type !== 'string' || !isEventType(type)) {
      throw new StreamArgumentError(`An event needs ${EVENT_TYPE_FORM}.`);
    }
    if (typeof id !== 'string' || !EVENT_ID.test(id)) {
      throw new StreamArgumentError(
        `The id of an event '${type}' is not one: use up to 64 letters, digits and . _ : -`,
      );
    }
    this.types.check(type, data);
    const schema = this.types.versionOf(type);
    const isPlain = schema === 1 && Object.keys(metadata).length === 0;
    try {
      return {
        id,
        type,
        data: this.#data.encode(data) as Buffer,
        meta: isPlain ? NOTHING : (this.#meta.encode([schema, metadata]) as Buffer),
      };
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw new StreamPayloadError(type, safeMessage(error), { cause: error });
    }
  }

  /** @throws StreamPayloadError when the payload cannot be read, or is not what its type says. */
  async decode(raw: RawEvent): Promise<StoredEvent> {
    const { id, type, stream, version, recordedAtMs } = raw;
    let data: unknown;
    let meta: unknown;
    try {
      data = this.#data.decode(raw.data);
      if (data instanceof Promise) data = await data;
      meta = raw.meta.length === 0 ? [1, {}] : this.#meta.decode(raw.meta);
      if (meta instanceof Promise) meta = await meta;
    } catch (error) {
      throw new StreamPayloadError(type, `it cannot be read: ${safeMessage(error)}`, {
        cause: error,
      });
    }
    const [schema, metadata] = (Array.isArray(meta) ? meta : []) as [unknown, unknown];
    if (!Number.isInteger(schema) || typeof metadata !== 'object' || metadata === null) {
      throw new StreamPayloadError(type, 'its metadata cannot be read');
    }
    return {
      id,
      type,
      data: this.types.restore(type, schema as number, data),
      metadata: metadata as Record<string, unknown>,
      stream,
      version,
      recordedAt: new Date(recordedAtMs),
    };
  }

  async decodeEntry(place: PartitionPlace, entry: LogEntry): Promise<LoggedEvent> {
    const { category, partition } = place;
    return { ...(await this.decode(entry)), category, partition, position: entry.position };
  }

  encodeState(what: string, state: unknown): Buffer {
    try {
      return this.#data.encode(state) as Buffer;
    } catch (error) {
      throw new StreamPayloadError(what, safeMessage(error), { cause: error });
    }
  }

  async decodeState(state: Buffer): Promise<unknown> {
    return this.#data.decode(state);
  }
}
