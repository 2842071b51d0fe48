import { Module } from '@nestjs/common';
import { CartModule } from '../cart/cart.module.js';
import { StorefrontModule } from '../storefront/storefront.module.js';
import { AccountController } from './account.controller.js';
import { AccountsService } from './accounts.service.js';
import { CustomerRepository } from './customer.repository.js';

@Module({
  imports: [CartModule, StorefrontModule],
  controllers: [AccountController],
  providers: [CustomerRepository, AccountsService],
})
export class AccountsModule {}
