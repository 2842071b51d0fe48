import '../../core/events.js';

declare module '../../core/events.js' {
  interface RedisKitEventMap {
    /** A message was not received: its channel was full, or it waited too long. */
    'channels.dropped': { channel: string; reason: 'full' | 'expired' };
    /** What is done with the messages of a channel threw or rejected. */
    'channels.handler-failed': { channel: string; message: string };
    /** A message that is none of the channel layer. */
    'channels.unreadable': { address: string };
    /** Messages may be missing: the link they come through was replaced. */
    'channels.missed': { address: string };
  }
}
