import { ApiProperty } from '@nestjs/swagger';

export class DayOfViewsDto {
  @ApiProperty({ description: 'When the day began in London.' })
  readonly start!: Date;

  @ApiProperty({ type: 'integer', description: 'Product pages shown.' })
  readonly count!: number;
}

export class RouteVisitsDto {
  @ApiProperty({ example: 'GET' })
  readonly method!: string;

  @ApiProperty({ example: '/products/:id' })
  readonly route!: string;

  @ApiProperty({ type: 'integer' })
  readonly requests!: number;
}

export class VisitsDto {
  @ApiProperty({ type: [DayOfViewsDto], description: 'The last seven days, today last.' })
  readonly productViews!: readonly DayOfViewsDto[];

  @ApiProperty({
    type: [RouteVisitsDto],
    description: 'Requests of the last hour by route, the most requested first.',
  })
  readonly routes!: readonly RouteVisitsDto[];
}
