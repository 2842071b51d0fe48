import { Inject, Injectable } from '@nestjs/common';
import { eq, sql } from 'drizzle-orm';
import { SHOP_DATABASE, type ShopDatabase } from '../database/shop-database.js';
import { mostOfOne, type Cart } from './cart.js';
import { cartLines } from './cart-lines.table.js';

/** The baskets of customers. */
@Injectable()
export class CartRepository {
  readonly #database: ShopDatabase;

  constructor(@Inject(SHOP_DATABASE) database: ShopDatabase) {
    this.#database = database;
  }

  async find(customerId: string): Promise<Cart> {
    const lines = await this.#database
      .select({ productId: cartLines.productId, quantity: cartLines.quantity })
      .from(cartLines)
      .where(eq(cartLines.customerId, customerId))
      .orderBy(cartLines.productId);
    return Object.fromEntries(lines.map(({ productId, quantity }) => [productId, quantity]));
  }

  /** Adds to what is there, in one statement: two requests at once both count. */
  async add(customerId: string, cart: Cart): Promise<void> {
    const lines = Object.entries(cart).map(([productId, quantity]) => ({
      customerId,
      productId,
      quantity,
    }));
    if (lines.length === 0) return;
    await this.#database
      .insert(cartLines)
      .values(lines)
      .onConflictDoUpdate({
        target: [cartLines.customerId, cartLines.productId],
        set: {
          quantity: sql`least(${mostOfOne}, ${cartLines.quantity} + excluded.quantity)`,
        },
      });
  }
}
