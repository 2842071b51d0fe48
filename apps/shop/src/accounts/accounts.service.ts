import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { RateLimiter, type RateLimitPolicy } from 'nestjs-redis-kit';
import { SessionService } from 'nestjs-redis-kit/session';
import { CartService } from '../cart/cart.service.js';
import type { CredentialsDto } from './account.dto.js';
import { CustomerRepository, type Customer } from './customer.repository.js';
import { hashPassword, isPassword } from './passwords.js';

/** Passwords that may be tried: of one account, wherever they come from, and from one address. */
const byAccount: RateLimitPolicy = {
  name: 'login-account',
  limit: 5,
  per: '15m',
  algorithm: 'sliding-window',
};
const byAddress: RateLimitPolicy = { ...byAccount, name: 'login-address', limit: 50 };

/** Accounts that may be opened from one address: each costs a hash, and who is refused learns who has an account. */
const registrations: RateLimitPolicy = {
  name: 'register-address',
  limit: 20,
  per: '1h',
  algorithm: 'sliding-window',
};

export type LoginOutcome =
  | { readonly outcome: 'logged-in' | 'wrong' | 'taken' }
  | { readonly outcome: 'too-many'; readonly retryAfterMs: number };

/** Accounts, and how one gets into them. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly customers: CustomerRepository,
    private readonly sessions: SessionService,
    private readonly carts: CartService,
    private readonly limiter: RateLimiter,
  ) {}

  async register(request: Request, { email, password }: CredentialsDto): Promise<LoginOutcome> {
    const attempt = await this.limiter.consume([
      { key: `register-from:${request.ip}`, policies: [registrations] },
    ]);
    if (!attempt.allowed) return { outcome: 'too-many', retryAfterMs: attempt.retryAfterMs };
    const customer = await this.customers.create(email, await hashPassword(password));
    if (!customer) return { outcome: 'taken' };
    await this.#enter(request, customer);
    return { outcome: 'logged-in' };
  }

  /** Counted before the password is looked at, and given back when it was right: only failures stay. */
  async login(request: Request, { email, password }: CredentialsDto): Promise<LoginOutcome> {
    const attempt = await this.limiter.consume([
      { key: `login:${email}`, policies: [byAccount] },
      { key: `login-from:${request.ip}`, policies: [byAddress] },
    ]);
    if (!attempt.allowed) return { outcome: 'too-many', retryAfterMs: attempt.retryAfterMs };
    const customer = await this.customers.findByEmail(email);
    // Before the password: whoever ends all sessions meanwhile ends this login, too.
    const ticket = customer && (await this.sessions.ticket(customer.id));
    const isRight = await isPassword(password, customer?.passwordHash);
    if (!customer || !isRight) return { outcome: 'wrong' };
    await this.#enter(request, customer, ticket);
    await attempt.refund();
    return { outcome: 'logged-in' };
  }

  async #enter(request: Request, { id }: Customer, ticket?: string): Promise<void> {
    const { cart = {} } = request.session;
    const { isFirst } = await this.sessions.login(request, id, { ticket });
    // A double click logs in twice, and must not fill the basket twice.
    if (isFirst) await this.carts.merge(id, cart);
    // From here on it is the customer's basket that counts.
    delete request.session.cart;
  }
}
