import 'reflect-metadata';
import { serveScenario } from 'nestjs-redis-kit/testing';
import type { SessionModuleOptions } from 'nestjs-redis-kit/session';
import {
  startSessionApplication,
  type SessionApplication,
} from '../support/session-application.js';
import type { TopologyConnection } from '../support/topologies/topology.js';

/** One process of an application with sessions. */
export interface SessionProcessOptions {
  readonly namespace: string;
  readonly connection: TopologyConnection;
  readonly session?: Partial<SessionModuleOptions>;
}

type Cookies = Record<string, string>;

let application: SessionApplication | undefined;

const browserWith = (cookies: Cookies) => {
  const browser = application!.browser();
  for (const [name, value] of Object.entries(cookies)) browser.cookies.set(name, value);
  return browser;
};

export const methods = {
  start: async ({ namespace, connection, session }: SessionProcessOptions): Promise<void> => {
    application = await startSessionApplication(
      'express',
      { namespace, connections: { default: connection } },
      session,
    );
  },
  login: async (user: string): Promise<Cookies> => {
    const browser = browserWith({});
    await browser.post(`/login/${user}`);
    return Object.fromEntries(browser.cookies);
  },
  /** Logs in that often at once, each with the ticket; tells the cookies they got. */
  loginWith: async (user: string, ticket: string, times: number): Promise<Cookies[]> =>
    Promise.all(
      Array.from({ length: times }, async () => {
        const browser = browserWith({});
        await browser.post(`/login/${user}?ticket=${ticket}`);
        return Object.fromEntries(browser.cookies);
      }),
    ),
  ticket: (user: string): Promise<string> => application!.sessions.ticket(user),
  /** Saves that often at once with this session, each something else. */
  save: async (cookies: Cookies, key: string, times: number): Promise<void> => {
    await Promise.all(
      Array.from({ length: times }, (_, i) => browserWith(cookies).post('/set', { [key + i]: i })),
    );
  },
  me: async (cookies: Cookies): Promise<{ userId: string | null; data: object }> =>
    browserWith(cookies).get('/me'),
  logout: async (cookies: Cookies): Promise<void> => {
    await browserWith(cookies).post('/logout');
  },
  revokeAll: (user: string): Promise<number> => application!.sessions.revokeAll(user),
  listed: async (user: string): Promise<number> =>
    (await application!.sessions.listForUser(user)).length,
  stop: async (): Promise<void> => {
    await application?.app.close();
  },
};

if (process.send) serveScenario(methods);
