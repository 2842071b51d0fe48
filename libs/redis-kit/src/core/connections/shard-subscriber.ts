import calculateSlot from 'cluster-key-slot';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { deferred } from '../deferred.js';
import type { RedisKitEvents } from '../events.js';
import { RedisUnavailableError } from '../redis-kit.error.js';
import { ShardLink } from './shard-link.js';

/**
 * How often the places of channels are compared with the slot map. The map itself is at most two seconds old, so a channel
 * whose master hangs is heard again soon after the Cluster has failed over.
 */
const PLACEMENT_INTERVAL_MS = 500;
/** Channels per SSUBSCRIBE when all are taken up again: one reply each, so keep a burst small. */
const SUBSCRIBE_BATCH = 500;
/** Replies that say that this master is not, or not yet, the place of a channel. */
const NOT_HERE = /^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN)\b/;

export interface ShardListener {
  onMessage(message: Buffer): void;
  /** It is listened to again after a break: what was published in between was missed. */
  onResumed?(): void;
}

/** One listener on one channel. */
export interface ShardSubscription {
  /** Resolves when Redis has confirmed the subscription; rejects when it was closed before. */
  readonly ready: Promise<void>;
  /** Stops listening. */
  close(): void;
}

export interface ShardSubscriberOptions {
  readonly connection: string;
  readonly events: RedisKitEvents;
  /** False when one server has all channels. */
  readonly isCluster: boolean;
  /** The name of the master of a channel; undefined while it is not known. */
  readonly masterOf: (channel: string) => string | undefined;
  /** Opens a link to the master of this name. */
  readonly open: (master: string) => Redis;
  /** Has the slot map brought up to date. */
  readonly refresh: () => void;
}

/** A channel, where it should be heard and where it is. */
class Topic {
  readonly listeners = new Set<ShardListener>();
  readonly confirmed = deferred<void>();
  readonly slot: number;
  place: ShardLink | undefined;
  /** The link messages are taken from; others may still bring some, and then they come twice. */
  source: ShardLink | undefined;
  wasConfirmed = false;

  constructor(readonly name: string) {
    this.slot = calculateSlot(name);
    // Nobody has to await `ready`.
    this.confirmed.promise.catch(() => undefined);
  }
}

/**
 * Sharded pub/sub: each channel is heard from the master that owns its slot, one link per master, on a single server from
 * that one.
 *
 * It promises that no channel goes silent: links that died or are half-open are replaced, and channels whose slot moved or
 * whose master was replaced are taken up at the new place. What was published in between is lost, as Redis pub/sub has it;
 * each such break is told to the listener, so that it can read what it missed from elsewhere.
 */
export class ShardSubscriber {
  readonly #topics = new Map<string, Topic>();
  readonly #links = new Map<string, ShardLink>();
  readonly #unplaced = new Set<Topic>();
  readonly #logger = new Logger('RedisKit');
  #placement: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(private readonly options: ShardSubscriberOptions) {}

  /** True while every channel is heard. */
  get isListening(): boolean {
    return [...this.#topics.values()].every(({ source }) => source?.client !== undefined);
  }

  subscribe(channel: string, listener: ShardListener): ShardSubscription {
    if (this.#isClosed) throw new RedisUnavailableError('The subscriber is closed');
    let topic = this.#topics.get(channel);
    if (!topic) {
      topic = new Topic(channel);
      this.#topics.set(channel, topic);
      this.#unplaced.add(topic);
      // Those of one tick are taken up together.
      queueMicrotask(() => this.#placeAll());
      if (this.options.isCluster) this.#watchPlaces();
    }
    topic.listeners.add(listener);
    const { promise } = topic.confirmed;
    return { ready: promise, close: () => this.#remove(channel, listener) };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#placement);
    for (const { confirmed } of this.#topics.values()) {
      confirmed.reject(new RedisUnavailableError('The subscriber was closed'));
    }
    this.#topics.clear();
    await Promise.all([...this.#links.values()].map((link) => link.close()));
  }

  #remove(channel: string, listener: ShardListener): void {
    const topic = this.#topics.get(channel);
    if (!topic?.listeners.delete(listener) || topic.listeners.size > 0) return;
    this.#topics.delete(channel);
    this.#unplaced.delete(topic);
    topic.confirmed.reject(new RedisUnavailableError(`The subscription to ${channel} was closed`));
    for (const link of new Set([topic.source, topic.place])) this.#unsubscribe(link, topic);
    this.#closeUnusedLinks();
  }

  #watchPlaces(): void {
    this.#placement ??= setInterval(() => {
      for (const topic of this.#topics.values()) {
        const master = this.options.masterOf(topic.name);
        if (master !== undefined && master !== topic.place?.master) this.#unplaced.add(topic);
      }
      if (this.#unplaced.size > 0) this.#placeAll();
    }, PLACEMENT_INTERVAL_MS).unref();
  }

  /** Finds the links of channels that have none, or a wrong one. */
  #placeAll(): void {
    if (this.#isClosed) return;
    const byLink = new Map<ShardLink, Topic[]>();
    for (const topic of this.#unplaced) {
      const master = this.options.masterOf(topic.name);
      if (master === undefined) continue;
      this.#unplaced.delete(topic);
      const link = this.#linkTo(master);
      topic.place = link;
      byLink.set(link, [...(byLink.get(link) ?? []), topic]);
    }
    if (this.#unplaced.size > 0) this.options.refresh();
    for (const [link, topics] of byLink) {
      // When it fails the link is dropped, and the next one takes them up.
      if (link.client) this.#confirm(link.client, link, topics).catch(() => undefined);
    }
    this.#closeUnusedLinks();
  }

  #linkTo(master: string): ShardLink {
    const existing = this.#links.get(master);
    if (existing) return existing;
    const link: ShardLink = new ShardLink(master, {
      open: () => this.options.open(master),
      establish: (client) => this.#establish(client, link),
      onMessage: (channel, message) => this.#deliver(link, channel, message),
      onMoved: () => this.#lookForAll(link),
      onReplaced: ({ reason, downMs }) =>
        this.options.events.emit('subscriber.replaced', {
          connection: this.options.connection,
          reason,
          downMs,
        }),
    });
    this.#links.set(master, link);
    return link;
  }

  async #establish(client: Redis, link: ShardLink): Promise<void> {
    const done = new Set<Topic>();
    for (;;) {
      const topics = [...this.#topics.values()].filter(
        (topic) => topic.place === link && !done.has(topic),
      );
      if (topics.length === 0) {
        link.client = client;
        return;
      }
      for (const topic of topics) done.add(topic);
      await this.#confirm(client, link, topics);
    }
  }

  async #confirm(client: Redis, link: ShardLink, topics: readonly Topic[]): Promise<void> {
    await Promise.all(
      this.#batches(topics).map(async (batch) => {
        try {
          await client.ssubscribe(...batch.map(({ name }) => name));
        } catch (error) {
          if (!(error instanceof Error && NOT_HERE.test(error.message))) {
            link.drop(client);
            throw error;
          }
          for (const topic of batch) if (topic.place === link) this.#lookFor(topic);
          return;
        }
        for (const topic of batch) this.#confirmed(link, topic);
      }),
    );
  }

  /** Channels of one SSUBSCRIBE must share a slot where there are slots. */
  #batches(topics: readonly Topic[]): Topic[][] {
    const batches: Topic[][] = [];
    const open = new Map<number, Topic[]>();
    for (const topic of topics) {
      const group = this.options.isCluster ? topic.slot : 0;
      let batch = open.get(group);
      if (!batch || batch.length >= SUBSCRIBE_BATCH) {
        batch = [];
        open.set(group, batch);
        batches.push(batch);
      }
      batch.push(topic);
    }
    return batches;
  }

  #confirmed(link: ShardLink, topic: Topic): void {
    if (topic.place !== link || this.#topics.get(topic.name) !== topic) return;
    const before = topic.source;
    topic.source = link;
    if (before !== link) this.#unsubscribe(before, topic);
    topic.confirmed.resolve();
    if (topic.wasConfirmed) {
      for (const listener of topic.listeners) {
        this.#guarded(topic.name, () => listener.onResumed?.());
      }
    }
    topic.wasConfirmed = true;
  }

  #unsubscribe(link: ShardLink | undefined, { name }: Topic): void {
    // A link that fails here is replaced, and the channel is no longer taken up there.
    link?.client?.sunsubscribe(name).catch(() => undefined);
  }

  /** The master of the link gave channels away; it does not say which. */
  #lookForAll(link: ShardLink): void {
    for (const topic of this.#topics.values()) if (topic.place === link) this.#lookFor(topic);
  }

  #lookFor(topic: Topic): void {
    // The watch on places takes it up, once the slot map says where.
    topic.place = undefined;
    this.#unplaced.add(topic);
    this.options.refresh();
  }

  #closeUnusedLinks(): void {
    const used = new Set<ShardLink | undefined>();
    for (const { place, source } of this.#topics.values()) used.add(place).add(source);
    for (const [master, link] of this.#links) {
      if (used.has(link)) continue;
      this.#links.delete(master);
      void link.close();
    }
  }

  #deliver(link: ShardLink, channel: string, message: Buffer): void {
    const topic = this.#topics.get(channel);
    if (topic?.source !== link) return;
    for (const listener of topic.listeners) {
      this.#guarded(channel, () => listener.onMessage(message));
    }
  }

  #guarded(channel: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#logger.error(`A listener of channel '${channel}' threw`, error);
    }
  }
}
