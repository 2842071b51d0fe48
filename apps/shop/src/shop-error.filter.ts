import {
  type ArgumentsHost,
  Catch,
  HttpException,
  Injectable,
  Logger,
  ServiceUnavailableException,
} from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { RedisUnavailableError } from 'nestjs-redis-kit';
import type { Request, Response } from 'express';
import { inspect } from 'node:util';
import { isDatabaseUnavailable } from './database/database-errors.js';
import { type Problem, problemOf } from './operations/problem.js';
import { StorefrontPages } from './storefront/storefront.pages.js';

/** Tells errors to programs as problem+json, to people as a page, and health in the words of terminus. */
@Catch()
@Injectable()
export class ShopErrorFilter extends BaseExceptionFilter {
  readonly #logger = new Logger(ShopErrorFilter.name);

  constructor(
    adapterHost: HttpAdapterHost,
    private readonly pages: StorefrontPages,
  ) {
    super(adapterHost.httpAdapter);
  }

  override catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (request.path.startsWith('/health') || response.headersSent) {
      super.catch(thrown, host);
      return;
    }
    const away = awayOf(thrown);
    const problem = problemOf(away ?? thrown, request.path);
    if (problem.status >= 500 && !(thrown instanceof HttpException)) {
      // With its causes: what the driver says is the cause of what Drizzle says.
      this.#logger.error(`${request.method} ${request.path} failed: ${inspect(thrown)}`);
    }
    response.status(problem.status);
    if (away) response.setHeader('Retry-After', '5');
    if (request.path.startsWith('/api') || !request.accepts('html')) {
      response.type('application/problem+json').send(JSON.stringify(problem));
      return;
    }
    response.type('html').send(this.#page(problem));
  }

  #page({ status, detail }: Problem): string {
    if (status === 404) {
      return this.pages.error({
        status,
        title: 'We could not find that',
        message: 'It may have been sold for the last time, or the address has a slip in it.',
      });
    }
    if (status < 500)
      return this.pages.error({ status, title: 'That did not work', message: detail });
    return this.pages.error({
      status,
      title: 'Something broke on our side',
      message: 'We have noted it. Please try again in a moment.',
    });
  }
}

/** What is said of a server that is away for the moment, where a page cannot do without it. */
function awayOf(thrown: unknown): ServiceUnavailableException | undefined {
  if (isDatabaseUnavailable(thrown)) {
    return new ServiceUnavailableException(
      'The catalogue cannot be read at the moment; please try again shortly',
    );
  }
  if (thrown instanceof RedisUnavailableError) {
    return new ServiceUnavailableException(
      'This cannot be answered at the moment; please try again shortly',
    );
  }
  return undefined;
}
