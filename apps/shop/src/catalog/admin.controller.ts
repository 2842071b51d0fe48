import { Body, Controller, Param, Patch, UseGuards } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
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
import { ProductChangeDto, ProductChangedDto } from './catalog.dto.js';
import { CatalogService } from './catalog.service.js';
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
    const { product, isCacheCurrent } = await this.catalog.change(id, change);
    return { product, freshness: isCacheCurrent ? 'current' : 'until-redis-is-back' };
  }
}
