import type { Redis } from 'ioredis';
import type { RedisClient } from './connection-url.js';
import { RedisUnavailableError } from '../redis-kit.error.js';

interface DriverCommand {
  readonly isSettled: boolean;
  readonly promise: Promise<unknown>;
}

/** The parts of ioredis 6 that its types do not show. */
interface DriverInternals {
  sendCommand(command: DriverCommand, stream?: unknown): Promise<unknown>;
  flushQueue?(error: Error, queues?: { offlineQueue: boolean; commandQueue: boolean }): void;
  readonly stream?: { destroy(): void };
}

/**
 * Mends two habits of ioredis that make an outage worse than it is.
 *
 * - A command that timed out in the offline queue is still sent after the reconnect. Its caller was told that it failed
 *   and may have done something else since, so it is dropped instead.
 * - With `autoResendUnfulfilledCommands: false`, a command whose reply was lost with the link stays pending until its
 *   timeout. It is rejected as soon as the link is gone.
 */
export function guardClient(client: Redis): Redis {
  const internals = client as unknown as DriverInternals;
  const sendCommand = internals.sendCommand;
  internals.sendCommand = function (this: unknown, command, stream) {
    return command.isSettled ? command.promise : sendCommand.call(this, command, stream);
  };
  client.on('close', () => {
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
}
