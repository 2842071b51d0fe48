import type { ModulesContainer } from '@nestjs/core';
import type { RedisConnections } from '../core/connections/redis-connections.js';
import type { RedisKitEvents } from '../core/events.js';
import type { KeySpace } from '../core/key-space.js';
import { EventCodec } from './event-codec.js';
import { EventStore } from './event-store.js';
import { EventTypes } from './event-type.js';
import { Partitions } from './partitions.js';
import { DeadLetters } from './processing/dead-letters.js';
import { EventProcessor } from './processing/event-processor.js';
import {
  Inbox,
  MemoryInboxStorage,
  RedisInboxStorage,
  type InboxStorage,
} from './processing/inbox.js';
import { SoloGate } from './processing/solo-gate.js';
import type { EventStorage } from './stores/event-storage.js';
import type { GroupStorage } from './stores/group-storage.js';
import { MemoryEventStorage } from './stores/memory-event-storage.js';
import { MemoryGroupStorage } from './stores/memory-group-storage.js';
import { RedisEventStorage } from './stores/redis-event-storage.js';
import { RedisGroupStorage } from './stores/redis-group-storage.js';
import type { ResolvedStreamsOptions } from './streams.options.js';

export interface StreamsParts {
  /** Undefined: everything is kept in memory. */
  readonly connections: RedisConnections | undefined;
  readonly keySpace: KeySpace;
  readonly events: RedisKitEvents;
  readonly options: ResolvedStreamsOptions;
  readonly modules: ModulesContainer;
}

interface Storages {
  readonly storage: EventStorage;
  readonly groups: GroupStorage;
  readonly inbox: InboxStorage;
}

/** What streams are made of, in Redis or in memory. */
export class Streams {
  readonly store: EventStore;
  readonly processor: EventProcessor;
  readonly deadLetters: DeadLetters;
  readonly inbox: Inbox;

  constructor(parts: StreamsParts) {
    const { events, options, modules } = parts;
    const { storage, groups, inbox } = storagesOf(parts);
    const codec = new EventCodec(options, new EventTypes(options.eventTypes));
    const partitions = new Partitions(storage, options);
    this.store = new EventStore(storage, codec, partitions, options, events);
    const gate = new SoloGate();
    const processing = { groups, storage, partitions, events, options, gate };
    this.processor = new EventProcessor(codec, processing, modules);
    this.deadLetters = new DeadLetters(groups, partitions, codec);
    this.inbox = new Inbox(inbox);
  }

  /** Takes no new events. */
  stopIntake(): void {
    this.processor.stop();
  }

  /** Ends what follows streams, when the work in hand is done. */
  async drain(): Promise<void> {
    await this.processor.drain();
    this.inbox.close();
    await this.store.close();
  }
}

function storagesOf({ connections, keySpace, options }: StreamsParts): Storages {
  const connection = connections?.get(options.connection);
  if (!connection) {
    const storage = new MemoryEventStorage();
    return { storage, groups: new MemoryGroupStorage(storage), inbox: new MemoryInboxStorage() };
  }
  const { allowEviction, idWindow } = options;
  const storage = new RedisEventStorage({ connection, keySpace, allowEviction, idWindow });
  return {
    storage,
    groups: new RedisGroupStorage(connection, keySpace, () => storage.assertSafe()),
    inbox: new RedisInboxStorage(connection, keySpace),
  };
}
