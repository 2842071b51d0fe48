import { Inject, Injectable, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { SHOP_DATABASE, type ShopDatabase } from '../database/shop-database.js';
import { AdminController } from './admin.controller.js';
import { CatalogController } from './catalog.controller.js';
import { seedCatalogue } from './catalog.seed.js';
import { CatalogService } from './catalog.service.js';
import { ProductRepository } from './product.repository.js';

/** Before the first request: an empty shop would be cached as one. */
@Injectable()
class CatalogueSeeder implements OnModuleInit {
  constructor(@Inject(SHOP_DATABASE) private readonly database: ShopDatabase) {}

  async onModuleInit(): Promise<void> {
    const inserted = await seedCatalogue(this.database);
    if (inserted > 0) new Logger('Catalogue').log(`Filled with ${inserted} products`);
  }
}

@Module({
  controllers: [CatalogController, AdminController],
  providers: [ProductRepository, CatalogService, CatalogueSeeder],
  exports: [CatalogService],
})
export class CatalogModule {}
