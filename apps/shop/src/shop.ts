import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { AppModule } from './app.module.js';
import { ShopLogger } from './shop.logger.js';
import { developmentAdminToken, type ShopConfig, ShopConfigError } from './shop.config.js';

export interface RunningShop {
  /** Where a browser on this machine finds it. */
  readonly url: string;
  readonly app: NestExpressApplication;
}

/**
 * Makes the shop and lets it listen. Whoever starts it closes `app`.
 *
 * @throws ShopConfigError when the port is taken; else whatever kept a part of the shop from starting
 */
export async function startShop(config: ShopConfig): Promise<RunningShop> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(config), {
    // The caller tells what went wrong; Nest would end the process without a chance to clean up.
    abortOnError: false,
    logger: new ShopLogger(),
  });
  app.disable('x-powered-by');
  app.use(securityHeaders);
  describeApi(app);
  try {
    await app.listen(config.PORT);
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new ShopConfigError(
      `Port ${config.PORT} is in use: stop what listens there, or set PORT to another one (0 takes any that is free)`,
    );
  }
  const { port } = new URL(await app.getUrl());
  const url = `http://localhost:${port}`;
  new Logger('Shop').log(`Open ${url} · API ${url}/api/docs · health ${url}/health/ready`);
  if (config.SHOP_ADMIN_TOKEN === undefined) {
    new Logger('Shop').log(
      config.adminToken === undefined
        ? 'The admin API is off: SHOP_ADMIN_TOKEN is not set'
        : `Admin token for this ${config.NODE_ENV} shop: ${developmentAdminToken}`,
    );
  }
  return { url, app };
}

/** Everything the pages need is served from here; the API's page brings its own inline script and styles. */
function securityHeaders(request: Request, response: Response, next: NextFunction): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'same-origin');
  response.setHeader('X-Frame-Options', 'DENY');
  if (!request.path.startsWith('/api/docs')) {
    response.setHeader(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
  }
  next();
}

function describeApi(app: NestExpressApplication): void {
  const document = new DocumentBuilder()
    .setTitle('Tansy & Finch')
    .setDescription(
      'The shop as programs see it. Every answer says in `X-Shop-Cache` and `Server-Timing` how the cache served it; errors are problem+json.',
    )
    .setVersion('1')
    .addBearerAuth()
    .build();
  SwaggerModule.setup('api/docs', app, () => SwaggerModule.createDocument(app, document), {
    customSiteTitle: 'Tansy & Finch API',
  });
}
