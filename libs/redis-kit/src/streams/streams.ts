import type { RedisConnections } from '../core/connections/redis-connections.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import { EventCodec } from './event-codec.js';
import { EventStore } from './event-store.js';
import { EventTypes } from './event-type.js';
import { Partitions } from './partitions.js';
import { MemoryEventStorage } from './stores/memory-event-storage.js';
import { RedisEventStorage } from './stores/redis-event-storage.js';
import type { ResolvedStreamsOptions } from './streams.options.js';

export interface StreamsParts {
  /** Undefined: everything is kept in memory. */
  readonly connections: RedisConnections | undefined;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
  readonly options: ResolvedStreamsOptions;
}

/** What streams are made of, in Redis or in memory. */
export class Streams {
  readonly store: EventStore;

  constructor({ connections, keySpace, events, options }: StreamsParts) {
    const { allowEviction, idWindow } = options;
    const connection = connections?.get(options.connection);
    const storage = connection
      ? new RedisEventStorage({ connection, keySpace, allowEviction, idWindow })
      : new MemoryEventStorage();
    const codec = new EventCodec(options, new EventTypes(options.eventTypes));
    const partitions = new Partitions(storage, options);
    this.store = new EventStore(storage, codec, partitions, options, events);
  }

  /** Ends what follows streams, when the work in hand is done. */
  async drain(): Promise<void> {
    await this.store.close();
  }
}
