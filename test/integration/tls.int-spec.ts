import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CacheService } from 'nestjs-redis-kit';
import { RedisHealthIndicator, RedisHealthModule } from 'nestjs-redis-kit/health';
import { RedisServer } from 'nestjs-redis-kit/testing';
import { RedisConnections } from '../../libs/redis-kit/src/core/connections/redis-connections.js';
import { startApplication } from '../support/application.js';

const certificate = (name: string) =>
  fileURLToPath(new URL(`../support/tls/${name}`, import.meta.url));

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

describe('TLS', () => {
  let server: RedisServer;
  let url: string;

  beforeAll(async () => {
    const port = await freePort();
    server = await RedisServer.start({
      config: {
        'tls-port': String(port),
        'tls-cert-file': certificate('server.pem'),
        'tls-key-file': certificate('server.key'),
        'tls-ca-cert-file': certificate('ca.pem'),
        'tls-auth-clients': 'no',
      },
    });
    url = `rediss://localhost:${port}`;
  });
  afterAll(() => server.stop());

  it('connects by rediss:// with the CA of the server, on every kind of connection', async () => {
    const app = await startApplication(
      { connections: { default: { url, tls: { ca: readFileSync(certificate('ca.pem')) } } } },
      { imports: [RedisHealthModule] },
    );
    const cache = app.get(CacheService);
    expect(await cache.set('key', 'value')).toBe(true);
    expect(await cache.get('key')).toBe('value');
    const connection = app.get(RedisConnections).get();
    await connection.subscriber.subscribe('news', () => undefined).ready;
    const blocking = connection.openBlocking('queue');
    expect(await blocking.run(100, (client) => client.blpop('queue', 0.05))).toBeNull();
    expect((await app.get(RedisHealthIndicator).isHealthy('redis')).redis.status).toBe('up');
    await app.close();
  });

  it('refuses a server whose certificate nobody it trusts has signed, and says so', async () => {
    const messages: string[] = [];
    const app = await startApplication({
      connections: { default: { url, connectTimeout: 200 } },
      onEvents: { 'connection.failed': ({ message }) => messages.push(message) },
    });
    expect(await app.get(CacheService).getOrSet('key', () => 'database')).toBe('database');
    expect(messages.join()).toMatch(/certificate/i);
    await app.close();
  });
});
