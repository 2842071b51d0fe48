import type { RedisServer } from './redis-server.js';
import type { ServerConfig } from './server-config.js';

/** For servers that replicate each other, in either direction. */
export function replicationConfig({ requirepass }: ServerConfig): ServerConfig {
  return {
    // It lets one snapshot serve several replicas; here it would be most of the start-up time.
    'repl-diskless-sync-delay': '0',
    'repl-ping-replica-period': '1',
    ...(requirepass === undefined ? {} : { masterauth: requirepass }),
  };
}

export async function assertReplicates(replica: RedisServer, master: RedisServer): Promise<void> {
  const info = await replica.info('replication');
  if (info['master_port'] !== String(master.port) || info['master_link_status'] !== 'up') {
    throw new Error(
      `${replica.url} is ${info['role']} of ${info['master_port']}, link ${info['master_link_status']}`,
    );
  }
}

export function answers(member: { running: boolean; paused: boolean }): boolean {
  return member.running && !member.paused;
}
