import { Injectable, Logger } from '@nestjs/common';
import {
  CounterService,
  LeaderboardService,
  RedisUnavailableError,
  type CounterBucket,
} from 'nestjs-redis-kit';

/** The shop's day begins at midnight in London. */
const DAY = { window: 'day', timeZone: 'Europe/London', keep: 31 } as const;
export const VIEWED_BOARD = 'products-viewed';
export const VIEWED_BOARD_OPTIONS = {
  period: DAY.window,
  timeZone: DAY.timeZone,
  maxSize: 1_000,
} as const;

/** What is looked at, in all processes of the shop together. No page waits for the count or fails because of it. */
@Injectable()
export class ProductViews {
  readonly #logger = new Logger(ProductViews.name);

  constructor(
    private readonly counters: CounterService,
    private readonly leaderboards: LeaderboardService,
  ) {}

  viewed(id: string): void {
    this.counters.tally('product-views', DAY);
    void this.leaderboards.incrementBy(VIEWED_BOARD, id, 1).catch((error: unknown) => {
      // A view more or less is no matter, and that Redis is away is said elsewhere.
      if (!(error instanceof RedisUnavailableError))
        this.#logger.warn(`A view of product ${id} was not counted: ${String(error)}`);
    });
  }

  /** Ids, the most viewed first; none while Redis is away. */
  async mostViewedToday(count: number): Promise<readonly string[]> {
    try {
      const entries = await this.leaderboards.top(VIEWED_BOARD, count);
      return entries.map(({ member }) => member);
    } catch (error) {
      if (error instanceof RedisUnavailableError) return [];
      throw error;
    }
  }

  /** Views of all products by day, oldest first; the last one is today. */
  byDay(days: number): Promise<readonly CounterBucket[]> {
    return this.counters.series('product-views', { ...DAY, count: days });
  }
}
