// @ts-check
import 'reflect-metadata';
import { Controller, Get, Module, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { RedisKitModule } from '../../libs/redis-kit/dist/index.js';
import { SessionModule } from '../../libs/redis-kit/dist/session/index.js';
import { Redis } from '../lib/library.mjs';
import { libraryVersion } from '../lib/versions.mjs';

/**
 * @typedef {object} SessionApplication
 * @property {(page: string) => string} urlOf a page: `read` or `write`
 * @property {() => Promise<void>} close
 *
 * @typedef {object} SessionContender
 * @property {string} name
 * @property {Record<string, string>} versions
 * @property {(redisUrl: string) => Promise<SessionApplication>} open
 */

const SECRET = 'a secret of the benchmark that is long enough';
const HOUR_MS = 3_600_000;

const nest = {
  '@nestjs/core': libraryVersion('@nestjs/core'),
  'express-session': libraryVersion('express-session'),
};

/** @type {readonly SessionContender[]} */
export const sessionApplications = [
  // The same pages with sessions in the memory of the process: the difference is what Redis costs.
  {
    name: 'raw',
    versions: nest,
    open: () => serve([], (app) => app.use(expressSession(new session.MemoryStore()))),
  },
  {
    name: 'connect-redis',
    versions: {
      ...nest,
      'connect-redis': libraryVersion('connect-redis'),
      ioredis: libraryVersion('ioredis'),
    },
    open: async (url) => {
      const client = new Redis(url, { protocol: 2 });
      const store = new RedisStore({ client, prefix: 'bench:sess:', ttl: HOUR_MS / 1_000 });
      const app = await serve([], (nestApp) => nestApp.use(expressSession(store)));
      return { ...app, close: () => app.close().finally(() => client.quit()) };
    },
  },
  {
    name: 'redis-kit',
    versions: { ...nest, 'nestjs-redis-kit': libraryVersion('nestjs-redis-kit') },
    open: (url) =>
      serve([
        RedisKitModule.forRoot({ url, namespace: 'bench:session', connect: 'require' }),
        SessionModule.forRoot({ secret: SECRET, idle: '1h' }),
      ]),
  },
];

/** @param {session.Store} store */
const expressSession = (store) =>
  session({
    store,
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax' },
  });

/**
 * An Express application with a page that reads its session, and one that changes it.
 * @param {NonNullable<import('@nestjs/common').ModuleMetadata['imports']>} imports
 * @param {(app: import('@nestjs/common').INestApplication) => void} [configure]
 * @returns {Promise<SessionApplication>}
 */
async function serve(imports, configure) {
  class Pages {
    /** @param {{ session: { count?: number } }} request */
    read(request) {
      return { count: request.session.count ?? 0 };
    }

    /** @param {{ session: { count?: number, basket?: object } }} request */
    write(request) {
      request.session.basket ??= { items: Array.from({ length: 10 }, (_, at) => `item ${at}`) };
      request.session.count = (request.session.count ?? 0) + 1;
      return { count: request.session.count };
    }
  }
  for (const page of /** @type {const} */ (['read', 'write'])) {
    const method = Object.getOwnPropertyDescriptor(Pages.prototype, page) ?? {};
    Get(page)(Pages.prototype, page, method);
    Req()(Pages.prototype, page, 0);
  }
  Controller()(Pages);
  class BenchModule {}
  Module({ imports, controllers: [Pages] })(BenchModule);
  const app = await NestFactory.create(BenchModule, { logger: ['warn', 'error'] });
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return { urlOf: (page) => new URL(`/${page}`, url).href, close: () => app.close() };
}
