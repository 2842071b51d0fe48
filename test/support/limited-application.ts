import { RateLimitGuard, type RateLimitHttpOptions } from 'nestjs-redis-kit';
import type { INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { isolatedNamespace } from 'nestjs-redis-kit/testing';
import { startHttpApplication, type HttpApplication, type Platform } from './http-application.js';
import {
  ClassPages,
  LoginPages,
  LongPages,
  OptionPages,
  PeoplePages,
  PlainPages,
  RunningPages,
  state,
} from './limited-pages.js';
import type { Topology } from './topologies/topology.js';

const CONTROLLERS = [
  ClassPages,
  LoginPages,
  LongPages,
  OptionPages,
  PeoplePages,
  PlainPages,
  RunningPages,
];
const GLOBAL = { provide: APP_GUARD, useClass: RateLimitGuard };

export interface LimitedSetting extends RateLimitHttpOptions {
  /** Whether the guard stands before every handler. @default false */
  readonly isGlobal?: boolean;
  readonly namespace?: string;
  /** What the framework is told to trust. */
  readonly trustProxy?: boolean | string;
}

/** Boots an application with limited pages, and closes it after use. */
export async function withLimitedPages(
  platform: Platform,
  topology: Pick<Topology, 'connectionOptions'>,
  use: (app: HttpApplication, nest: INestApplication) => Promise<void>,
  { isGlobal = false, namespace = isolatedNamespace(), trustProxy, ...http }: LimitedSetting = {},
): Promise<void> {
  state.runs = {};
  state.open = Promise.resolve();
  const connections = { default: topology.connectionOptions() };
  const app = await startHttpApplication(
    platform,
    // What is decided is tried here, not how fast: a busy machine must not look like an outage.
    { namespace, connections, rateLimit: { deadline: '20s', http } },
    { controllers: CONTROLLERS, providers: isGlobal ? [GLOBAL] : [] },
    (nest) => {
      if (platform !== 'express' || trustProxy === undefined) return;
      const express = nest.getHttpAdapter().getInstance() as {
        set(name: string, value: unknown): void;
      };
      express.set('trust proxy', trustProxy);
    },
    trustProxy === undefined ? {} : { trustProxy },
  );
  try {
    await use(app, app.app);
  } finally {
    await app.app.close();
  }
}

/** What is left of each policy, as a response says. */
export const remaining = (response: Response): Record<string, number> =>
  Object.fromEntries(
    [...(response.headers.get('ratelimit') ?? '').matchAll(/"([\w-]+)";r=(\d+)/g)].map(
      ([, name, r]) => [name!, Number(r)],
    ),
  );

export const statuses = (responses: readonly Response[]): number[] =>
  responses.map(({ status }) => status);

export async function inTurn(times: number, ask: () => Promise<Response>): Promise<Response[]> {
  const responses = [];
  for (let at = 0; at < times; at++) responses.push(await ask());
  return responses;
}
