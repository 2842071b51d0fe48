import { RedisKitError } from '../../core/redis-kit.error.js';

/** The name of a group, or of a channel, is not one. */
export class ChannelNameError extends RedisKitError {
  readonly code = 'CHANNEL_NAME_INVALID';
}

/** The message is too large, or has no encoded form. Nothing was sent. */
export class ChannelMessageError extends RedisKitError {
  readonly code = 'CHANNEL_MESSAGE_REFUSED';
}

/** The channel was closed, or belongs to another process: only who made a channel receives from it and adds it to groups. */
export class ChannelClosedError extends RedisKitError {
  readonly code = 'CHANNEL_CLOSED';

  constructor(readonly channel: string) {
    super(
      `Channel '${channel}' is not open in this process. Make one with newChannel() where its messages are to be received.`,
    );
  }
}

/** Redis did not confirm that it took a message, or a membership. It may have taken it. */
export class ChannelUnavailableError extends RedisKitError {
  readonly code = 'CHANNEL_UNAVAILABLE';
}
