import 'reflect-metadata';
import { Module, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { Args, GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RateLimit, RateLimitGuard, RedisKitModule } from 'nestjs-redis-kit';
import { serveScenario } from 'nestjs-redis-kit/testing';

/** A GraphQL server in a process of its own: Jest cannot load what it is made of on Node.js 20. */
const [url, namespace] = process.argv.slice(2);

export interface GraphqlAnswer {
  readonly limits: string | null;
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: Record<string, unknown>;
  }[];
}

const runs = { counted: 0 };

const one = (name: string, limit: number) =>
  ({ name, limit, per: '1h', algorithm: 'fixed-window' }) as const;

/** Lets nobody in who says so. */
class PasswordGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return context.getArgs().every((arg) => (arg as { password?: string })?.password !== 'locked');
  }
}

@Resolver()
class LimitedResolver {
  @RateLimit({ policies: [one('by-address', 3)] })
  @Query(() => Number)
  counted(): number {
    return (runs.counted += 1);
  }

  @UseGuards(PasswordGuard)
  @RateLimit({
    policies: [one('attempts', 3)],
    by: (_request, context) => context.getArgByIndex<{ user: string }>(1).user,
    countOnly: 'failures',
  })
  @Mutation(() => Boolean)
  login(@Args('user') _user: string, @Args('password') password: string): boolean {
    if (password !== 'right') throw new Error('The password is wrong');
    return true;
  }
}

@Module({
  imports: [
    RedisKitModule.forRoot({
      url,
      namespace,
      rateLimit: {
        deadline: '20s',
        http: { policies: [{ name: 'all', limit: 1_000, per: '1h' }] },
      },
    }),
    GraphQLModule.forRoot<MercuriusDriverConfig>({
      driver: MercuriusDriver,
      autoSchemaFile: true,
      context: (request: unknown, reply: unknown) => ({ request, reply }),
    }),
  ],
  providers: [LimitedResolver, { provide: APP_GUARD, useClass: RateLimitGuard }],
})
class LimitedGraphql {}

const app = await NestFactory.create(LimitedGraphql, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
const address = new URL('/graphql', await app.getUrl());

export const methods = {
  ask: async (query: string): Promise<GraphqlAnswer> => {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const limits = response.headers.get('ratelimit');
    return { ...((await response.json()) as Omit<GraphqlAnswer, 'limits'>), limits };
  },
  runs: () => runs,
};

serveScenario(methods);
