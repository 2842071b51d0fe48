import { Body, Controller, Get, Header, Post, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import type { Response } from 'express';
import { CurrentSession, CurrentUserId } from 'nestjs-redis-kit/session';
import { StockCodePipe } from '../catalog/stock-code.pipe.js';
import { StorefrontPages } from '../storefront/storefront.pages.js';
import { CartService, type ShopSession } from './cart.service.js';

export class CartAdditionDto {
  @IsString()
  readonly id!: string;
}

@ApiExcludeController()
@Controller('cart')
export class CartController {
  constructor(
    private readonly carts: CartService,
    private readonly pages: StorefrontPages,
  ) {}

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  async cart(
    @CurrentUserId() customerId: string | undefined,
    @CurrentSession() session: ShopSession,
  ): Promise<string> {
    return this.pages.cart(await this.carts.lines(customerId, session));
  }

  @Post()
  async add(
    @Res() response: Response,
    @CurrentUserId() customerId: string | undefined,
    @CurrentSession() session: ShopSession,
    @Body() { id }: CartAdditionDto,
  ): Promise<void> {
    await this.carts.add(customerId, session, new StockCodePipe().transform(id));
    response.redirect(303, '/cart');
  }
}
