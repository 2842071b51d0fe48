import { Injectable } from '@nestjs/common';
import { CatalogService } from '../catalog/catalog.service.js';
import type { Product } from '../catalog/product.repository.js';
import { withProduct, type Cart } from './cart.js';
import { CartRepository } from './cart.repository.js';

/** What the shop keeps in a session. */
export interface ShopSession {
  /** The basket of a guest. */
  cart?: Cart;
}

declare module 'express-session' {
  interface SessionData extends ShopSession {}
}

export interface CartLine {
  readonly product: Product;
  readonly quantity: number;
}

/** Baskets: that of a guest is in the session, that of a customer in the database. */
@Injectable()
export class CartService {
  constructor(
    private readonly carts: CartRepository,
    private readonly catalog: CatalogService,
  ) {}

  async lines(customerId: string | undefined, session: ShopSession): Promise<CartLine[]> {
    const cart =
      customerId === undefined ? (session.cart ?? {}) : await this.carts.find(customerId);
    return Promise.all(
      Object.entries(cart).map(async ([id, quantity]) => ({
        product: await this.catalog.product(id),
        quantity,
      })),
    );
  }

  /** @throws NotFoundException when there is no such product */
  async add(customerId: string | undefined, session: ShopSession, id: string): Promise<void> {
    const product = await this.catalog.product(id);
    if (customerId === undefined) session.cart = withProduct(session.cart ?? {}, product.id);
    else await this.carts.add(customerId, { [product.id]: 1 });
  }

  /** Puts what the guest had into the basket of the customer. */
  merge(customerId: string, cart: Cart): Promise<void> {
    return this.carts.add(customerId, cart);
  }
}
