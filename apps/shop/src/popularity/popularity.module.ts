import { Module } from '@nestjs/common';
import { ProductViews } from './product-views.js';
import { VisitsController } from './visits.controller.js';

@Module({
  controllers: [VisitsController],
  providers: [ProductViews],
  exports: [ProductViews],
})
export class PopularityModule {}
