import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { RateLimit } from 'nestjs-redis-kit';
import { searchLimit } from '../operations/limits.js';
import { CategoryDto, ProductDto, ProductPageDto, ProductQueryDto } from './catalog.dto.js';
import { CatalogService } from './catalog.service.js';
import { toListing } from './product-listing.js';
import { StockCodePipe } from './stock-code.pipe.js';

@ApiTags('catalogue')
@Controller('api')
export class CatalogController {
  constructor(private readonly catalog: CatalogService) {}

  @RateLimit(searchLimit)
  @Get('products')
  @ApiOperation({
    summary: 'Products, searched, filtered, sorted and paged',
    description: 'Current as soon as a change was answered.',
  })
  @ApiOkResponse({ type: ProductPageDto })
  @ApiBadRequestResponse({ description: 'A parameter is out of its range; `errors` says which.' })
  @ApiTooManyRequestsResponse({
    description: 'More than 120 searches in a minute; see `Retry-After`.',
  })
  async list(@Query() query: ProductQueryDto): Promise<ProductPageDto> {
    const listing = toListing(query);
    const { items, total } = await this.catalog.list(listing);
    return { items, total, page: listing.page, pageSize: listing.pageSize };
  }

  @Get('products/:id')
  @ApiOperation({ summary: 'One product; current as soon as a change was answered' })
  @ApiOkResponse({ type: ProductDto })
  @ApiNotFoundResponse({ description: 'There is no such product.' })
  product(@Param('id', StockCodePipe) id: string): Promise<ProductDto> {
    return this.catalog.product(id);
  }

  @Get('categories')
  @ApiOperation({ summary: 'Categories that have products, with their number' })
  @ApiOkResponse({ type: [CategoryDto] })
  categories(): Promise<readonly CategoryDto[]> {
    return this.catalog.categories();
  }
}
