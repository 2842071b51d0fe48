import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog/catalog.module.js';
import { PopularityModule } from '../popularity/popularity.module.js';
import { StorefrontController } from './storefront.controller.js';
import { StorefrontPages } from './storefront.pages.js';

@Module({
  imports: [CatalogModule, PopularityModule],
  controllers: [StorefrontController],
  providers: [StorefrontPages],
  exports: [StorefrontPages],
})
export class StorefrontModule {}
