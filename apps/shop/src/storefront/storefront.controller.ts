import {
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  Query,
  Res,
  ValidationPipe,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { RateLimit } from 'nestjs-redis-kit';
import { ProductQueryDto } from '../catalog/catalog.dto.js';
import { CatalogService } from '../catalog/catalog.service.js';
import { type ListingRequest, toListing } from '../catalog/product-listing.js';
import type { Product } from '../catalog/product.repository.js';
import { StockCodePipe } from '../catalog/stock-code.pipe.js';
import { searchLimit } from '../operations/limits.js';
import { validationProblem } from '../operations/problem.js';
import { ProductViews } from '../popularity/product-views.js';
import { StorefrontPages } from './storefront.pages.js';

const relatedProducts = 4;
const mostViewedProducts = 4;

/** As in the API, but what other sites append to an address is ignored instead of refused. */
const visitorQuery = new ValidationPipe({
  expectedType: ProductQueryDto,
  transform: true,
  whitelist: true,
  exceptionFactory: validationProblem,
});

@ApiExcludeController()
@Controller()
export class StorefrontController {
  constructor(
    private readonly catalog: CatalogService,
    private readonly views: ProductViews,
    private readonly pages: StorefrontPages,
  ) {}

  @RateLimit(searchLimit)
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  async listing(@Query(visitorQuery) query: ListingRequest): Promise<string> {
    const listing = toListing(query);
    const search = query.search?.trim() ?? '';
    const isHome = search === '' && listing.category === undefined && listing.page === 1;
    const [{ items, total }, categories, mostViewed] = await Promise.all([
      this.catalog.list(listing),
      this.catalog.categories(),
      isHome ? this.#mostViewed() : [],
    ]);
    return this.pages.listing({
      listing,
      isHome,
      search,
      products: items,
      total,
      categories,
      mostViewed,
    });
  }

  @Get('products/:id')
  @Header('Content-Type', 'text/html; charset=utf-8')
  async product(@Param('id', StockCodePipe) id: string): Promise<string> {
    const product = await this.catalog.product(id);
    const { items } = await this.catalog.list(
      toListing({ category: product.category, pageSize: relatedProducts + 1 }),
    );
    this.views.viewed(id);
    const related = items.filter((item) => item.id !== id).slice(0, relatedProducts);
    return this.pages.product({ product, related });
  }

  @Get('assets/:name')
  asset(@Param('name') name: string, @Res() response: Response): void {
    const asset = this.pages.assets.find(name);
    if (!asset) throw new NotFoundException(`There is no file "${name.slice(0, 40)}"`);
    response
      .type(asset.type)
      .setHeader('Cache-Control', 'public, max-age=31536000, immutable')
      .send(asset.content);
  }

  async #mostViewed(): Promise<readonly Product[]> {
    return this.catalog.productsOf(await this.views.mostViewedToday(mostViewedProducts));
  }
}
