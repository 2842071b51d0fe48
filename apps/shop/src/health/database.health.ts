import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { sql } from 'drizzle-orm';
import { SHOP_DATABASE, type ShopDatabase } from '../database/shop-database.js';

/** Whether the database answers a query, on the connections that the shop uses. */
@Injectable()
export class DatabaseHealthIndicator {
  constructor(
    @Inject(SHOP_DATABASE) private readonly database: ShopDatabase,
    private readonly health: HealthIndicatorService,
  ) {}

  async isHealthy<const Key extends string>(
    key: Key,
    timeoutMs = 1_000,
  ): Promise<HealthIndicatorResult<Key>> {
    return this.health
      .check(key)
      .attempt(async () => {
        await this.database.execute(sql`select 1`);
      })
      .withTimeout(timeoutMs);
  }
}
