import { Body, Controller, Param, Patch, Put, UseGuards } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiForbiddenResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { RateLimit } from 'nestjs-redis-kit';
import { adminLimit } from '../operations/limits.js';
import { AdminTokenGuard } from './admin-token.guard.js';
import { ProductChangeDto, ProductChangedDto, StockCountDto } from './catalog.dto.js';
import { CatalogService, type ChangedProduct } from './catalog.service.js';
import { StockCodePipe } from './stock-code.pipe.js';

@ApiTags('admin')
@ApiBearerAuth()
@UseGuards(AdminTokenGuard)
// The lower guard runs first.
@RateLimit(adminLimit)
@Controller('api/admin')
export class AdminController {
  constructor(private readonly catalog: CatalogService) {}

  @Patch('products/:id')
  @ApiOperation({
    summary: 'Changes the price, the stock, or both',
    description:
      'The product, and every list, search and count, shows the change as soon as this was answered.',
  })
  @ApiOkResponse({ type: ProductChangedDto })
  @ApiBadRequestResponse({
    description: 'A value is missing or out of its range; `errors` says which.',
  })
  @ApiUnauthorizedResponse({ description: 'No bearer token was shown.' })
  @ApiForbiddenResponse({ description: 'The bearer token is not the admin token.' })
  @ApiNotFoundResponse({ description: 'There is no such product.' })
  @ApiTooManyRequestsResponse({ description: 'More than 30 in a minute; see `Retry-After`.' })
  @ApiServiceUnavailableResponse({
    description: 'The admin API is off: SHOP_ADMIN_TOKEN is not set.',
  })
  async change(
    @Param('id', StockCodePipe) id: string,
    @Body() change: ProductChangeDto,
  ): Promise<ProductChangedDto> {
    return toDto(await this.catalog.change(id, change));
  }

  @Put('products/:id/stock')
  @ApiOperation({
    summary: 'Sets the stock to what was counted',
    description:
      'Counts of one product take turns, in all processes. One that is overtaken by a later count changes nothing.',
  })
  @ApiOkResponse({ type: ProductChangedDto })
  @ApiBadRequestResponse({ description: '`stock` is missing or out of its range.' })
  @ApiUnauthorizedResponse({ description: 'No bearer token was shown.' })
  @ApiForbiddenResponse({ description: 'The bearer token is not the admin token.' })
  @ApiNotFoundResponse({ description: 'There is no such product.' })
  @ApiConflictResponse({ description: 'The product was counted again meanwhile.' })
  @ApiTooManyRequestsResponse({ description: 'More than 30 in a minute; see `Retry-After`.' })
  @ApiServiceUnavailableResponse({
    description: 'Redis, which decides whose turn it is, is away; or SHOP_ADMIN_TOKEN is not set.',
  })
  async count(
    @Param('id', StockCodePipe) id: string,
    @Body() { stock }: StockCountDto,
  ): Promise<ProductChangedDto> {
    return toDto(await this.catalog.countStock(id, stock));
  }
}

const toDto = ({ product, isCacheCurrent }: ChangedProduct): ProductChangedDto => ({
  product,
  freshness: isCacheCurrent ? 'current' : 'until-redis-is-back',
});
