import type { OnApplicationShutdown } from '@nestjs/common';
import { Streams } from '../streams/streams.js';

/** Streams in memory end with the module of the test: no handler and no subscription outlives it. */
export class MemoryStreams extends Streams implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    await this.drain();
  }
}
