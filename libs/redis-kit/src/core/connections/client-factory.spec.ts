import { Cluster, Redis } from 'ioredis';
import { describe, expect, it } from '@jest/globals';
import { createClient } from './client-factory.js';
import { ConnectionOptions, resolveConnectionOptions } from './connection.options.js';
import { ROLE_PROFILES, type ConnectionRole } from './roles.js';

const ROLES = Object.keys(ROLE_PROFILES) as ConnectionRole[];
const ENVIRONMENT = { variable: 'REDIS_URL', url: 'redis://localhost' };
const NODES = [{ host: 'h', port: 7_000 }];

const optionsOf = (options: ConnectionOptions) =>
  resolveConnectionOptions(options, 'connection', ENVIRONMENT);

describe('clients of a Cluster', () => {
  it.each(ROLES)('read from masters, whatever the given client does: %s', (role) => {
    const given = new Cluster(NODES, { lazyConnect: true, scaleReads: 'slave' });
    for (const options of [optionsOf({ client: given }), optionsOf({ cluster: NODES })]) {
      const client = createClient(options, role, 'name') as Cluster;
      expect(client.options.scaleReads).toBe('master');
      client.disconnect();
    }
    expect(given.options.scaleReads).toBe('slave');
    given.disconnect();
  });
});

describe('duplicates of a given client', () => {
  it("lead where it leads, with the suite's own settings, and leave it alone", () => {
    const given = new Redis({
      host: 'h',
      port: 7_000,
      db: 3,
      lazyConnect: true,
      maxRetriesPerRequest: 20,
      enableOfflineQueue: true,
    });
    const client = createClient(optionsOf({ client: given }), 'cache', 'name') as Redis;
    expect(client.options).toMatchObject({
      host: 'h',
      port: 7_000,
      db: 3,
      connectionName: 'name',
      maxRetriesPerRequest: null,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: ROLE_PROFILES.cache.offlineQueue,
    });
    expect(given.options).toMatchObject({ maxRetriesPerRequest: 20, enableOfflineQueue: true });
    expect([client.status, given.status]).toEqual(['wait', 'wait']);
    client.disconnect();
    given.disconnect();
  });
});
