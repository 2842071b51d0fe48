import type { Cluster, Redis } from 'ioredis';
import { RedisUnavailableError } from '../redis-kit.error.js';
import { STALL_MS } from '../failsafe/deadline.js';
import type { RedisClient } from './connection-url.js';

interface DriverCommand {
  readonly isSettled: boolean;
  readonly promise: Promise<unknown>;
}

interface DriverStream {
  readonly writableCorked: number;
  cork(): void;
  uncork(): void;
  destroy(error?: Error): void;
  on(event: 'data', listener: () => void): void;
}

/** The parts of ioredis 6 that its types do not show. */
interface DriverInternals {
  readonly stream?: DriverStream;
  readonly commandQueue: { readonly length: number };
  sendCommand(command: DriverCommand, stream?: unknown): Promise<unknown>;
  flushQueue?(error: Error, queues?: { offlineQueue: boolean; commandQueue: boolean }): void;
}

export interface GuardOptions {
  /** A link on which nothing comes back for this long, although replies are due, is dropped. */
  readonly silenceMs: number;
  /** Send the commands of one tick in one write. */
  readonly batchWrites: boolean;
}

/**
 * Mends habits of ioredis that make an outage worse than it is.
 *
 * - A command that timed out in the offline queue is still sent after the reconnect. Its caller was told that it failed
 *   and may have done something else since, so it is dropped instead.
 * - With `autoResendUnfulfilledCommands: false`, a command whose reply was lost with the link stays pending until its
 *   timeout. It is rejected as soon as the link is gone.
 * - `socketTimeout` blames the server for a stall of this process: its timer is handled before the replies that already
 *   wait in the socket. Here the event loop gets one more poll first.
 */
export function guardClient(client: Redis, { silenceMs, batchWrites }: GuardOptions): Redis {
  const internals = client as unknown as DriverInternals;
  const { sendCommand } = internals;
  const silence = new SilenceWatch(internals, silenceMs);
  const writes = new WriteBatch();
  internals.sendCommand = function (this: unknown, command, stream) {
    if (command.isSettled) return command.promise;
    // The first of many leaves at once, so that the server is busy while the others are made.
    const isBatched = batchWrites && internals.commandQueue.length > 0;
    if (isBatched) writes.begin(internals.stream);
    const sent = sendCommand.call(this, command, stream);
    if (isBatched) writes.added();
    silence.expectReply();
    return sent;
  };
  client.on('connect', () => silence.listen());
  client.on('close', () => {
    silence.stop();
    internals.flushQueue?.(
      new RedisUnavailableError(
        'The connection to Redis was lost before the reply; the command may have run',
      ),
      { offlineQueue: false, commandQueue: true },
    );
  });
  return client;
}

/**
 * Commands after which a batch leaves before its tick is over: few enough that the server works on them while this
 * process makes the next ones, and enough that writing them costs little.
 */
const BATCH = 16;

/**
 * What is written in one tick leaves in few packets. Unlike the driver's auto-pipelining, no command waits for the
 * replies to those before it.
 */
class WriteBatch {
  #stream: DriverStream | undefined;
  #size = 0;

  begin(stream: DriverStream | undefined): void {
    if (!stream || this.#stream === stream) return;
    this.#stream = stream;
    stream.cork();
    process.nextTick(() => {
      this.#stream = undefined;
      this.#size = 0;
      stream.uncork();
    });
  }

  added(): void {
    const stream = this.#stream;
    if (!stream || ++this.#size < BATCH) return;
    this.#size = 0;
    stream.uncork();
    stream.cork();
  }
}

/** Drops a link on which replies are due and nothing comes. */
class SilenceWatch {
  #timer: NodeJS.Timeout | undefined;
  #heardAt = 0;

  constructor(
    private readonly client: DriverInternals,
    private readonly silenceMs: number,
  ) {}

  /** The link is new. */
  listen(): void {
    this.#heardAt = performance.now();
    this.client.stream?.on('data', () => (this.#heardAt = performance.now()));
  }

  expectReply(): void {
    // With nothing else due, what was heard before says nothing about this reply.
    if (this.client.commandQueue.length <= 1) this.#heardAt = performance.now();
    if (!this.#timer && Number.isFinite(this.silenceMs)) this.#wait(this.silenceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(ms: number): void {
    const startedAt = performance.now();
    this.#timer = setTimeout(() => {
      // After a stall of this process the wait begins anew: what is due may not even have been sent.
      if (performance.now() - startedAt > ms + STALL_MS) this.#wait(this.silenceMs);
      // One more poll of the event loop: the replies may be waiting.
      else setImmediate(() => this.#judge());
    }, ms);
    this.#timer.unref();
  }

  #judge(): void {
    if (!this.#timer) return;
    this.#timer = undefined;
    if (this.client.commandQueue.length === 0) return;
    const leftMs = this.#heardAt + this.silenceMs - performance.now();
    if (leftMs > 0) this.#wait(leftMs);
    else {
      this.client.stream?.destroy(
        new Error(`Connection is closed: nothing came back within ${this.silenceMs} ms`),
      );
    }
  }
}

/**
 * Drops a client for good, at once.
 *
 * `disconnect()` alone only half-closes: a hung server keeps the socket, and its timer the process, for two more
 * seconds, and commands that wait for a reconnect stay pending until their timeout.
 */
export function dropClient(client: RedisClient): void {
  const nodes = 'nodes' in client ? client.nodes() : [client];
  client.disconnect();
  const reason = new RedisUnavailableError('The connection to Redis was closed');
  for (const part of new Set<unknown>([client, ...nodes])) {
    const internals = part as DriverInternals;
    internals.stream?.destroy();
    internals.flushQueue?.(reason);
  }
  if ('nodes' in client) endSlotRefreshes(client);
}

/**
 * A refresh of the slot map that was under way when its Cluster was closed schedules the next one, and that the one
 * after it: the process would never end.
 */
function endSlotRefreshes(client: Cluster): void {
  Object.defineProperty(client, 'slotsTimer', {
    get: () => undefined,
    set: (timer: NodeJS.Timeout | null) => {
      clearTimeout(timer ?? undefined);
    },
    configurable: true,
  });
}
