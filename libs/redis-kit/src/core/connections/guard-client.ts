import type { Redis } from 'ioredis';
import { RedisUnavailableError } from '../redis-kit.error.js';

interface DriverCommand {
  readonly isSettled: boolean;
  readonly promise: Promise<unknown>;
}

/** The parts of ioredis 6 that its types do not show. */
interface DriverInternals {
  sendCommand(command: DriverCommand, stream?: unknown): Promise<unknown>;
  flushQueue?(error: Error, queues: { offlineQueue: boolean; commandQueue: boolean }): void;
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
