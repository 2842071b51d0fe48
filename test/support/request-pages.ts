import {
  Controller,
  Get,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Param,
  Post,
} from '@nestjs/common';
import { RateLimit, RequestTrackingMiddleware } from 'nestjs-redis-kit';
import { gate } from './gate.js';

/** Holds `/tracked/slow` back until it is opened. */
export const slow = { gate: gate<string>() };

@Controller('tracked')
class TrackedController {
  @Get('products/:id')
  product(@Param('id') id: string): { id: string } {
    if (id === 'broken') throw new Error('broken');
    return { id };
  }

  @Post('products')
  create(): string {
    return 'made';
  }

  @RateLimit({ policies: [{ name: 'once', limit: 1, per: '1000d' }], by: 'everyone' })
  @Get('limited')
  limited(): string {
    return 'once';
  }

  @Get('slow')
  slow(): Promise<string> {
    return slow.gate.factory();
  }
}

@Module({ controllers: [TrackedController] })
export class TrackedModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    // Twice, as two modules might.
    consumer.apply(RequestTrackingMiddleware, RequestTrackingMiddleware).forRoutes('{*path}');
  }
}
