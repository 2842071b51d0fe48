import type { Cluster } from 'ioredis';
import { ClusterDeployment, type RedisServer } from 'nestjs-redis-kit/testing';
import { PATIENCE_MS, started, type ManagedTopology, type TopologyConnection } from './topology.js';

export class ClusterTopology implements ManagedTopology {
  readonly name = 'cluster';
  #running: ClusterDeployment | undefined;

  get #deployment(): ClusterDeployment {
    return started(this.#running);
  }

  get admin(): Cluster {
    return this.#deployment.client();
  }

  connectionOptions(): TopologyConnection {
    return { cluster: this.#deployment.nodes };
  }

  async start(): Promise<void> {
    this.#running = await ClusterDeployment.start({ nodeTimeout: PATIENCE_MS });
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  async masters(): Promise<RedisServer[]> {
    return await this.#deployment.masters();
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
    const [master] = await this.#deployment.masters();
    if (master === undefined) throw new Error('the cluster has no master');
    await this.#deployment.failover(master);
  }

  async migrate(key: string): Promise<void> {
    const slot = await this.#deployment.slotOf(key);
    const owner = await this.#deployment.masterOf(slot);
    const other = (await this.#deployment.masters()).find((master) => master !== owner);
    if (other === undefined) throw new Error('the cluster has one master only');
    await this.#deployment.migrateSlot(slot, other);
  }
}
