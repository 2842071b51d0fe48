import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { deferred } from '../deferred.js';
import type { RedisKitEvents } from '../events.js';
import { RedisUnavailableError } from '../redis-kit.error.js';
import { dropClient } from './guard-client.js';
import { probeWhenSilent } from './silence-probe.js';
import { SupervisedLink } from './supervised-link.js';

/** Channels per SUBSCRIBE when all are taken up again: one reply each, so keep a burst small. */
const RESUBSCRIBE_BATCH = 500;

export type MessageListener = (message: Buffer, channel: string) => void;

/** One listener on one channel or pattern. */
export interface Subscription {
  /** Resolves when Redis has confirmed the subscription; rejects when it was closed before. */
  readonly ready: Promise<void>;
  /** Stops listening. */
  close(): void;
}

export interface SubscriberOptions {
  readonly connection: string;
  readonly events: RedisKitEvents;
  /** Opens a new link to any node that delivers all messages. */
  readonly open: () => Redis;
}

type Kind = 'channel' | 'pattern';

class Topic {
  readonly listeners = new Set<MessageListener>();
  readonly confirmed = deferred<void>();

  constructor(
    readonly kind: Kind,
    readonly name: string,
  ) {
    // Nobody has to await `ready`.
    this.confirmed.promise.catch(() => undefined);
  }
}

/**
 * The one subscriber link of a connection.
 *
 * It promises that it never goes silent: a link that died or is half-open (TCP up, nothing comes) is found by a probe,
 * replaced, and every channel is taken up again. What was published in between is lost, as Redis pub/sub has it; each
 * replacement is told to `onReplaced`, so that a feature can read what it missed from elsewhere.
 */
export class Subscriber {
  readonly #topics = new Map<string, Topic>();
  readonly #replaced = new Set<() => void>();
  readonly #logger = new Logger('RedisKit');
  #link: SupervisedLink | undefined;
  /** The link once every topic is confirmed on it. */
  #client: Redis | undefined;
  #closed = false;

  constructor(private readonly options: SubscriberOptions) {}

  /** True while a confirmed link is up. */
  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** Listens on a channel. */
  subscribe(channel: string, listener: MessageListener): Subscription {
    return this.#add('channel', channel, listener);
  }

  /** Listens on every channel that matches a glob pattern. */
  psubscribe(pattern: string, listener: MessageListener): Subscription {
    return this.#add('pattern', pattern, listener);
  }

  /** Hears of each replaced link, after all channels were taken up again. */
  onReplaced(listener: () => void): () => void {
    this.#replaced.add(listener);
    return () => this.#replaced.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const topic of this.#topics.values()) {
      topic.confirmed.reject(new RedisUnavailableError('The subscriber was closed'));
    }
    this.#topics.clear();
    this.#replaced.clear();
    await this.#link?.close();
  }

  #add(kind: Kind, name: string, listener: MessageListener): Subscription {
    if (this.#closed) throw new RedisUnavailableError('The subscriber is closed');
    const id = `${kind}:${name}`;
    let topic = this.#topics.get(id);
    if (!topic) {
      topic = new Topic(kind, name);
      this.#topics.set(id, topic);
      // When it fails the link is dropped, and the next one takes the topic up.
      if (this.#client) this.#confirm(this.#client, [topic]).catch(() => undefined);
    }
    topic.listeners.add(listener);
    this.#link ??= this.#supervise();
    const { promise } = topic.confirmed;
    return { ready: promise, close: () => this.#remove(id, listener) };
  }

  #remove(id: string, listener: MessageListener): void {
    const topic = this.#topics.get(id);
    if (!topic?.listeners.delete(listener) || topic.listeners.size > 0) return;
    this.#topics.delete(id);
    topic.confirmed.reject(
      new RedisUnavailableError(`The subscription to ${topic.name} was closed`),
    );
    const client = this.#client;
    const unsubscribed =
      topic.kind === 'channel' ? client?.unsubscribe(topic.name) : client?.punsubscribe(topic.name);
    // A link that fails here is replaced, and the topic is no longer taken up.
    unsubscribed?.catch(() => undefined);
  }

  #supervise(): SupervisedLink {
    return new SupervisedLink({
      open: this.options.open,
      establish: (client) => this.#establish(client),
      onUp: (_, replaced) => {
        if (replaced) this.#announceReplacement(replaced);
      },
      watch: (client, pause) => probeWhenSilent(client, pause, ['messageBuffer', 'pmessageBuffer']),
      onDown: () => (this.#client = undefined),
      onFailed: () => (this.#client = undefined),
    });
  }

  async #establish(client: Redis): Promise<void> {
    client.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      this.#deliver('channel', channel.toString(), channel.toString(), message),
    );
    client.on('pmessageBuffer', (pattern: string, channel: Buffer, message: Buffer) =>
      this.#deliver('pattern', pattern, channel.toString(), message),
    );
    const topics = [...this.#topics.values()];
    await this.#confirm(client, topics);
    this.#client = client;
    // Added while the others were being confirmed.
    await this.#confirm(
      client,
      [...this.#topics.values()].filter((topic) => !topics.includes(topic)),
    );
  }

  async #confirm(client: Redis, topics: readonly Topic[]): Promise<void> {
    for (const kind of ['channel', 'pattern'] as const) {
      const ofKind = topics.filter((topic) => topic.kind === kind);
      for (let i = 0; i < ofKind.length; i += RESUBSCRIBE_BATCH) {
        const batch = ofKind.slice(i, i + RESUBSCRIBE_BATCH);
        const names = batch.map(({ name }) => name);
        try {
          await (kind === 'channel' ? client.subscribe(...names) : client.psubscribe(...names));
        } catch (error) {
          dropClient(client);
          throw error;
        }
        for (const topic of batch) topic.confirmed.resolve();
      }
    }
  }

  #deliver(kind: Kind, name: string, channel: string, message: Buffer): void {
    const topic = this.#topics.get(`${kind}:${name}`);
    for (const listener of topic?.listeners ?? []) {
      try {
        listener(message, channel);
      } catch (error) {
        this.#logger.error(`A listener of ${kind} '${name}' threw`, error);
      }
    }
  }

  #announceReplacement({ reason, downMs }: { reason: string; downMs: number }): void {
    const { connection, events } = this.options;
    events.emit('subscriber.replaced', { connection, reason, downMs });
    for (const listener of this.#replaced) listener();
  }
}
