import {
  Global,
  Injectable,
  Module,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { RedisKitEvents } from 'nestjs-redis-kit';
import { RequestTrace } from './request-trace.js';

/** Writes each cache read into the trace of the request that made it: listeners run in the caller's async context. */
@Injectable()
class CacheTracer implements OnModuleInit, OnModuleDestroy {
  readonly #subscriptions: (() => void)[] = [];

  constructor(
    private readonly events: RedisKitEvents,
    private readonly trace: RequestTrace,
  ) {}

  onModuleInit(): void {
    this.#subscriptions.push(
      this.events.on('cache.hit', ({ durationMs }) => this.trace.current?.add('hit', durationMs)),
      this.events.on('cache.miss', ({ durationMs, reason }) =>
        this.trace.current?.add(reason === 'unavailable' ? 'unavailable' : 'miss', durationMs),
      ),
    );
  }

  onModuleDestroy(): void {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
  }
}

@Global()
@Module({ providers: [RequestTrace, CacheTracer], exports: [RequestTrace] })
export class OperationsModule {}
