import { Body, Controller, Get, Header, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentUserId, SessionGuard, SessionService } from 'nestjs-redis-kit/session';
import { StorefrontPages } from '../storefront/storefront.pages.js';
import { CredentialsDto } from './account.dto.js';
import { AccountsService, type LoginOutcome } from './accounts.service.js';

const SEE_OTHER = 303;

@ApiExcludeController()
@Controller('account')
export class AccountController {
  constructor(
    private readonly accounts: AccountsService,
    private readonly sessions: SessionService,
    private readonly pages: StorefrontPages,
  ) {}

  @Get('login')
  @Header('Content-Type', 'text/html; charset=utf-8')
  loginPage(): string {
    return this.pages.login('login');
  }

  @Get('register')
  @Header('Content-Type', 'text/html; charset=utf-8')
  registerPage(): string {
    return this.pages.login('register');
  }

  @Post('login')
  async login(
    @Req() request: Request,
    @Res() response: Response,
    @Body() credentials: CredentialsDto,
  ): Promise<void> {
    const outcome = await this.accounts.login(request, credentials);
    this.#answer(response, 'login', outcome, credentials.email);
  }

  @Post('register')
  async register(
    @Req() request: Request,
    @Res() response: Response,
    @Body() credentials: CredentialsDto,
  ): Promise<void> {
    const outcome = await this.accounts.register(request, credentials);
    this.#answer(response, 'register', outcome, credentials.email);
  }

  @Post('logout')
  async logout(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.sessions.logout(request);
    response.redirect(SEE_OTHER, '/');
  }

  @Get()
  async devices(
    @Req() request: Request,
    @Res() response: Response,
    @CurrentUserId() userId: string | undefined,
  ): Promise<void> {
    if (userId === undefined) {
      response.redirect(SEE_OTHER, '/account/login');
      return;
    }
    const devices = await this.sessions.listForUser(userId, request);
    response.type('html').setHeader('Cache-Control', 'no-store').send(this.pages.devices(devices));
  }

  @Post('devices/:handle/revoke')
  @UseGuards(SessionGuard)
  async revoke(
    @Res() response: Response,
    @CurrentUserId() userId: string,
    @Param('handle') handle: string,
  ): Promise<void> {
    await this.sessions.revoke(userId, handle);
    response.redirect(SEE_OTHER, '/account');
  }

  @Post('devices/others/logout')
  @UseGuards(SessionGuard)
  async revokeOthers(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.sessions.revokeOthers(request);
    response.redirect(SEE_OTHER, '/account');
  }

  @Post('devices/all/logout')
  @UseGuards(SessionGuard)
  async revokeAll(@Res() response: Response, @CurrentUserId() userId: string): Promise<void> {
    await this.sessions.revokeAll(userId);
    response.redirect(SEE_OTHER, '/account/login');
  }

  #answer(
    response: Response,
    form: 'login' | 'register',
    result: LoginOutcome,
    email: string,
  ): void {
    if (result.outcome === 'logged-in') {
      response.redirect(SEE_OTHER, '/account');
      return;
    }
    const { status, message } = refusalOf(result);
    if (result.outcome === 'too-many') {
      response.setHeader('Retry-After', Math.ceil(result.retryAfterMs / 1_000));
    }
    response.status(status).type('html').send(this.pages.login(form, { email, message }));
  }
}

function refusalOf(result: LoginOutcome): { status: number; message: string } {
  switch (result.outcome) {
    case 'too-many': {
      const minutes = Math.ceil(result.retryAfterMs / 60_000);
      const message = `That was tried too often. Try again in ${minutes} minute${minutes === 1 ? '' : 's'}.`;
      return { status: 429, message };
    }
    case 'taken':
      return { status: 409, message: 'There is an account with this address already.' };
    default:
      return { status: 401, message: 'There is no account with this address and password.' };
  }
}
