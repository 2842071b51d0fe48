import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ClientProxyFactory, Transport, type ClientProxy } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { WsAdapter } from '@nestjs/platform-ws';
import { RateLimitGuard, RedisKitModule } from 'nestjs-redis-kit';
import {
  eventually,
  isolatedNamespace,
  RedisServer,
  runProcesses,
  type ScenarioProcesses,
} from 'nestjs-redis-kit/testing';
import { firstValueFrom } from 'rxjs';
import { WebSocket } from 'ws';
import type { methods } from '../scenarios/limited-graphql.js';
import { gate } from '../support/gate.js';
import { LimitedGateway, LimitedMessages, state } from '../support/limited-transports.js';
import { TYPESCRIPT_ARGS } from '../support/typescript.js';

const GLOBAL = { provide: APP_GUARD, useClass: RateLimitGuard };

describe('rate limits beyond HTTP', () => {
  let redis: RedisServer;
  let app: INestApplication | undefined;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis?.stop());

  beforeEach(() => {
    state.runs = {};
    state.open = Promise.resolve();
  });

  const withApplication = async (
    metadata: ModuleMetadata,
    use: (app: INestApplication) => Promise<void>,
  ): Promise<void> => {
    @Module({
      ...metadata,
      imports: [
        RedisKitModule.forRoot({
          url: redis.url,
          namespace: isolatedNamespace(),
          rateLimit: {
            deadline: '20s',
            http: { policies: [{ name: 'all', limit: 1_000, per: '1h' }] },
          },
        }),
        ...(metadata.imports ?? []),
      ],
      providers: [GLOBAL, ...(metadata.providers ?? [])],
    })
    class TransportModule {}
    app = await NestFactory.create(TransportModule, new FastifyAdapter(), {
      logger: false,
      abortOnError: false,
      forceCloseConnections: true,
    });
    try {
      await use(app);
    } finally {
      await app.close();
    }
  };

  describe('of GraphQL', () => {
    let server: ScenarioProcesses<typeof methods>;

    beforeAll(async () => {
      const program = new URL('../scenarios/limited-graphql.ts', import.meta.url);
      const args = [redis.url, isolatedNamespace()];
      server = await runProcesses(1, program, { execArgv: TYPESCRIPT_ARGS, args });
    });

    afterAll(() => server?.stop());

    const ask = (query: string) => server.call(0, 'ask', query);

    it('count each call of a field once, however many are in one request', async () => {
      const first = await ask('{ counted }');
      expect(first.limits).toMatch(/"all";r=999;t=\d+, "by-address";r=2;t=\d+/);
      expect(first.data).toEqual({ counted: 1 });
      const many = await ask('{ a: counted b: counted c: counted d: counted }');
      expect(many.errors!.length).toBeGreaterThan(0);
      expect(await server.call(0, 'runs')).toEqual({ counted: 3 });
      const denied = await ask('{ counted }');
      expect(denied.errors![0]).toMatchObject({
        message: expect.stringMatching(/^The quota is used up/),
        extensions: {
          code: 'RATE_LIMIT_EXCEEDED',
          violatedPolicies: ['by-address'],
          retryAfterMs: expect.any(Number),
        },
      });
    });

    it('count failed calls only, although the response of HTTP is 200', async () => {
      const login = async (password: string): Promise<string> => {
        const { errors } = await ask(`mutation { login(user: "ada", password: "${password}") }`);
        return errors?.[0]?.message ?? 'in';
      };
      for (let times = 0; times < 5; times++) {
        await eventually(async () => expect(await login('right')).toBe('in'));
      }
      await eventually(async () => expect(await login('wrong')).toBe('The password is wrong'));
      // Refused by a guard that comes later: an attempt as well.
      expect(await login('locked')).toBe('Forbidden resource');
      await eventually(async () => expect(await login('right')).toBe('in'));
      await eventually(async () => expect(await login('wrong')).toBe('The password is wrong'));
      expect(await login('right')).toMatch(/^The quota is used up/);
    });
  });

  describe('of WebSockets', () => {
    interface Frame {
      event: string;
      data: unknown;
    }
    const withSockets = (
      use: (
        open: () => Promise<{ send(event: string): void; next(): Promise<Frame> }>,
      ) => Promise<void>,
    ) =>
      withApplication({ providers: [LimitedGateway] }, async (nest) => {
        nest.useWebSocketAdapter(new WsAdapter(nest));
        await nest.listen(0, '127.0.0.1');
        const url = (await nest.getUrl()).replace('http', 'ws');
        const sockets: WebSocket[] = [];
        const open = async () => {
          const socket = new WebSocket(new URL('/socket', url));
          sockets.push(socket);
          const frames: Frame[] = [];
          socket.on('message', (data) => frames.push(JSON.parse(String(data)) as Frame));
          await once(socket, 'open');
          return {
            send: (event: string) => socket.send(JSON.stringify({ event, data: {} })),
            next: () =>
              eventually(() => {
                expect(frames.length).toBeGreaterThan(0);
                return frames.shift()!;
              }),
          };
        };
        try {
          await use(open);
        } finally {
          for (const socket of sockets) socket.terminate();
        }
      });

    it('count messages by the address of the client, and say why one is denied', async () => {
      await withSockets(async (open) => {
        const [one, two] = [await open(), await open()];
        one.send('counted');
        expect(await one.next()).toEqual({ event: 'counted', data: 1 });
        two.send('counted');
        expect(await two.next()).toEqual({ event: 'counted', data: 2 });
        one.send('counted');
        expect(await one.next()).toEqual({
          event: 'exception',
          data: {
            status: 'error',
            message: expect.stringMatching(/^The quota is used up/),
            code: 'RATE_LIMIT_EXCEEDED',
            violatedPolicies: ['by-address'],
            retryAfterMs: expect.any(Number),
          },
        });
        expect(state.runs['counted']).toBe(2);
      });
    });

    it('let the next one in when one has been answered', async () => {
      await withSockets(async (open) => {
        const held = gate<void>();
        state.open = held.factory();
        const [one, two] = [await open(), await open()];
        one.send('slow');
        await eventually(() => expect(state.runs['slow']).toBe(1));
        two.send('slow');
        expect(await two.next()).toMatchObject({ event: 'exception' });
        held.open();
        expect(await one.next()).toEqual({ event: 'slow', data: 'done' });
        await eventually(async () => {
          two.send('slow');
          expect(await two.next()).toEqual({ event: 'slow', data: 'done' });
        });
      });
    });
  });

  describe('of messages over TCP', () => {
    const withMessages = (
      use: (send: (pattern: string, data?: object) => Promise<unknown>) => Promise<void>,
    ) =>
      withApplication({ controllers: [LimitedMessages] }, async (nest) => {
        const host = '127.0.0.1';
        const service = nest.connectMicroservice(
          { transport: Transport.TCP, options: { host, port: 0 } },
          { inheritAppConfig: true },
        );
        await nest.startAllMicroservices();
        const { port } = service.unwrap<Server>().address() as AddressInfo;
        const options = { host, port };
        const client: ClientProxy = ClientProxyFactory.create({
          transport: Transport.TCP,
          options,
        });
        try {
          await use((pattern, data = {}) => firstValueFrom(client.send<unknown>(pattern, data)));
        } finally {
          client.close();
        }
      });

    it('count messages by the address of the sender, and say why one is denied', async () => {
      await withMessages(async (send) => {
        expect([await send('counted'), await send('counted')]).toEqual([1, 2]);
        await expect(send('counted')).rejects.toMatchObject({
          message: expect.stringMatching(/^The quota is used up/),
          code: 'RATE_LIMIT_EXCEEDED',
          violatedPolicies: ['by-address'],
        });
      });
    });

    it('count by what a message holds, and only what fails', async () => {
      await withMessages(async (send) => {
        for (let times = 0; times < 3; times++) {
          await eventually(() => send('tenant', { tenant: 'a', fail: false }));
        }
        await eventually(() =>
          expect(send('tenant', { tenant: 'a', fail: true })).rejects.toMatchObject({
            message: 'Internal server error',
          }),
        );
        await expect(send('tenant', { tenant: 'a', fail: false })).rejects.toMatchObject({
          code: 'RATE_LIMIT_EXCEEDED',
        });
        expect(await send('tenant', { tenant: 'b', fail: false })).toEqual(expect.any(Number));
        // Nobody can tell whom to count.
        await expect(send('tenant', {})).rejects.toMatchObject({
          message: 'Internal server error',
        });
      });
    });

    it('let the next one in when one has been answered', async () => {
      await withMessages(async (send) => {
        const held = gate<void>();
        state.open = held.factory();
        const first = send('slow');
        await eventually(() => expect(state.runs['slow']).toBe(1));
        await expect(send('slow')).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
        held.open();
        expect(await first).toBe('done');
        await eventually(async () => expect(await send('slow')).toBe('done'));
      });
    });
  });
});
