import type { Redis } from 'ioredis';
import { SentinelDeployment, type RedisServer } from 'nestjs-redis-kit/testing';
import { PATIENCE_MS, started, type ManagedTopology, type TopologyConnection } from './topology.js';

export class SentinelTopology implements ManagedTopology {
  readonly name = 'sentinel';
  #running: SentinelDeployment | undefined;

  get #deployment(): SentinelDeployment {
    return started(this.#running);
  }

  get admin(): Redis {
    return this.#deployment.client();
  }

  connectionOptions(): TopologyConnection {
    return { sentinels: this.#deployment.sentinels, name: this.#deployment.name };
  }

  async start(): Promise<void> {
    this.#running = await SentinelDeployment.start({ downAfter: PATIENCE_MS });
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async masters(): Promise<RedisServer[]> {
    return [await this.#deployment.master()];
  }

  pauseAll(): void {
    this.#deployment.pauseAll();
  }

  async resumeAll(): Promise<void> {
    await this.#deployment.restoreAll();
  }

  async killAll(): Promise<void> {
    await this.#deployment.killAll();
  }

  async restartAll(): Promise<void> {
    await this.#deployment.restoreAll();
  }

  async failover(): Promise<void> {
    await this.#deployment.failover();
  }
}
