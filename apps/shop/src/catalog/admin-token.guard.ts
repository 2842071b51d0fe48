import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { ShopConfig } from '../shop.config.js';

/** Lets through who shows `Authorization: Bearer <SHOP_ADMIN_TOKEN>`. */
@Injectable()
export class AdminTokenGuard implements CanActivate {
  constructor(private readonly config: ShopConfig) {}

  /**
   * @throws ServiceUnavailableException when no token is configured: then nobody gets through
   * @throws UnauthorizedException when none was shown
   * @throws ForbiddenException when it is the wrong one
   */
  canActivate(context: ExecutionContext): boolean {
    const { adminToken } = this.config;
    if (adminToken === undefined) {
      throw new ServiceUnavailableException(
        'The admin API is off: set SHOP_ADMIN_TOKEN and restart the shop to turn it on',
      );
    }
    const http = context.switchToHttp();
    const [, shown] =
      /^Bearer +(\S+)$/i.exec(http.getRequest<Request>().headers.authorization ?? '') ?? [];
    if (shown === undefined) {
      http.getResponse<Response>().setHeader('WWW-Authenticate', 'Bearer');
      throw new UnauthorizedException(
        'Show the admin token: Authorization: Bearer <SHOP_ADMIN_TOKEN>',
      );
    }
    // Digests have one length, and comparing them takes one time, whatever was shown.
    if (!timingSafeEqual(digest(shown), digest(adminToken))) {
      throw new ForbiddenException('This is not the admin token');
    }
    return true;
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
