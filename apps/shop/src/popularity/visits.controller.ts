import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiForbiddenResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { RateLimit, RequestStats } from 'nestjs-redis-kit';
import { AdminTokenGuard } from '../catalog/admin-token.guard.js';
import { adminLimit } from '../operations/limits.js';
import { ProductViews } from './product-views.js';
import { VisitsDto } from './visits.dto.js';

@ApiTags('admin')
@ApiBearerAuth()
@UseGuards(AdminTokenGuard)
@RateLimit(adminLimit)
@Controller('api/admin/visits')
export class VisitsController {
  constructor(
    private readonly views: ProductViews,
    private readonly requests: RequestStats,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'What is looked at, in all processes of the shop together',
    description: 'Counts arrive about a second after the response they are of.',
  })
  @ApiOkResponse({ type: VisitsDto })
  @ApiUnauthorizedResponse({ description: 'No bearer token was shown.' })
  @ApiForbiddenResponse({ description: 'The bearer token is not the admin token.' })
  @ApiTooManyRequestsResponse({ description: 'More than 30 in a minute; see `Retry-After`.' })
  @ApiServiceUnavailableResponse({
    description: 'Redis, which counts, is away; or SHOP_ADMIN_TOKEN is not set.',
  })
  async visits(): Promise<VisitsDto> {
    const [productViews, { routes }] = await Promise.all([
      this.views.byDay(7),
      this.requests.summary({ count: 60 }),
    ]);
    return {
      productViews,
      routes: routes.map(({ method, route, requests }) => ({ method, route, requests })),
    };
  }
}
