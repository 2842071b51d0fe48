import { Inject, Injectable } from '@nestjs/common';
import { eq } from 'drizzle-orm';
import { SHOP_DATABASE, type ShopDatabase } from '../database/shop-database.js';
import { customers } from './customers.table.js';

export interface Customer {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
}

const columns = {
  id: customers.id,
  email: customers.email,
  passwordHash: customers.passwordHash,
};

@Injectable()
export class CustomerRepository {
  readonly #database: ShopDatabase;

  constructor(@Inject(SHOP_DATABASE) database: ShopDatabase) {
    this.#database = database;
  }

  /** `undefined` when there is an account with this address. */
  async create(email: string, passwordHash: string): Promise<Customer | undefined> {
    const [customer] = await this.#database
      .insert(customers)
      .values({ email, passwordHash })
      .onConflictDoNothing()
      .returning(columns);
    return customer;
  }

  async findByEmail(email: string): Promise<Customer | undefined> {
    const [customer] = await this.#database
      .select(columns)
      .from(customers)
      .where(eq(customers.email, email));
    return customer;
  }
}
