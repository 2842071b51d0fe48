import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { CategoryDto, ProductDto, ProductPageDto, ProductQueryDto } from './catalog.dto.js';
import { CatalogService } from './catalog.service.js';
import { toListing } from './product-listing.js';
import { StockCodePipe } from './stock-code.pipe.js';

@ApiTags('catalogue')
@Controller('api')
export class CatalogController {
  constructor(private readonly catalog: CatalogService) {}

  @Get('products')
  @ApiOperation({
    summary: 'Products, searched, filtered, sorted and paged',
    description: 'Current as soon as a change was answered.',
  })
  @ApiOkResponse({ type: ProductPageDto })
  @ApiBadRequestResponse({ description: 'A parameter is out of its range; `errors` says which.' })
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
