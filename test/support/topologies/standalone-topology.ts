import type { Redis } from 'ioredis';
import { RedisServer } from 'nestjs-redis-kit/testing';
import { started, type ManagedTopology, type TopologyConnection } from './topology.js';

export class StandaloneTopology implements ManagedTopology {
  readonly name = 'standalone';
  #running: RedisServer | undefined;

  get #server(): RedisServer {
    return started(this.#running);
  }

  get admin(): Redis {
    return this.#server.client();
  }

  connectionOptions(): TopologyConnection {
    return { url: this.#server.url };
  }

  async start(): Promise<void> {
    this.#running = await RedisServer.start();
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async masters(): Promise<RedisServer[]> {
    return [this.#server];
  }

  pauseAll(): void {
    if (this.#server.running) this.#server.pause();
  }

  async resumeAll(): Promise<void> {
    if (this.#server.paused) this.#server.resume();
  }

  async killAll(): Promise<void> {
    await this.#server.kill();
  }

  async restartAll(): Promise<void> {
    if (!this.#server.running) await this.#server.restart();
  }
}
