import {
  Controller,
  Get,
  HttpCode,
  Injectable,
  Param,
  Post,
  Query,
  UnauthorizedException,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { RateLimit, SkipRateLimit } from 'nestjs-redis-kit';

/** How often each handler ran, and what the slow ones wait for. */
export const state: { runs: Record<string, number>; open: Promise<void> } = {
  runs: {},
  open: Promise.resolve(),
};
const run = (name: string): { run: number } => ({
  run: (state.runs[name] = (state.runs[name] ?? 0) + 1),
});

/** Signs in whoever says who they are. */
@Injectable()
export class NameGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{
      headers: Record<string, string | undefined>;
      user?: { id: string; tier: string | undefined };
    }>();
    const id = request.headers['x-name'];
    if (id === 'nobody') throw new UnauthorizedException();
    if (id !== undefined) request.user = { id, tier: request.headers['x-tier'] };
    return true;
  }
}

const one = (name: string, limit: number) =>
  ({ name, limit, per: '1h', algorithm: 'fixed-window' }) as const;

@Controller('plain')
export class PlainPages {
  @RateLimit({ policies: [one('plain', 3)] })
  @Get('page')
  page() {
    return run('plain');
  }

  @RateLimit({ policies: [one('short', 2), one('long', 5)] })
  @Get('two')
  two() {
    return run('two');
  }

  @RateLimit({ policies: [one('own', 1000)] })
  @Get('many')
  many() {
    return run('many');
  }

  @RateLimit({ policies: [{ ...one('exact', 100), algorithm: 'sliding-window' }], by: 'everyone' })
  @Get('exact')
  exact() {
    return run('exact');
  }

  @Get('free')
  free() {
    return run('free');
  }
}

@RateLimit({ policies: [one('class', 10)] })
@Controller('class')
export class ClassPages {
  @Get('a')
  a() {
    return run('a');
  }

  @RateLimit({ policies: [one('first', 20)], cost: 2 })
  @RateLimit({ policies: [one('second', 30)], cost: 3 })
  @Get('b')
  b() {
    return run('b');
  }

  @SkipRateLimit()
  @Get('free')
  free() {
    return run('free');
  }
}

@Controller('people')
export class PeoplePages {
  // Written above the other guard, and below it: it counts users either way.
  @RateLimit({ policies: [one('mine', 2)], by: 'user' })
  @UseGuards(NameGuard)
  @Get('above')
  above() {
    return run('above');
  }

  @UseGuards(NameGuard)
  @RateLimit({ policies: [one('mine', 2), { ...one('all', 4), by: 'ip' }], by: 'user' })
  @Get('below')
  below() {
    return run('below');
  }

  @UseGuards(NameGuard)
  @RateLimit({ policies: [one('mine', 2)], by: ['user', 'ip'] })
  @Get('anybody')
  anybody() {
    return run('anybody');
  }

  @RateLimit({
    policies: [{ ...one('tiers', 1), limit: { default: 1, pro: 3 } }],
    by: 'user',
    tier: (request) => (request.user as { tier?: string } | undefined)?.tier,
  })
  @UseGuards(NameGuard)
  @Get('tiers')
  tiers() {
    return run('tiers');
  }

  @RateLimit({ policies: [one('key', 2)], by: 'apiKey' })
  @Get('key')
  key() {
    return run('key');
  }
}

@Controller('options')
export class OptionPages {
  @RateLimit({
    policies: [{ ...one('asked', 0), limit: (request) => Number(request.headers?.['x-limit']) }],
    by: 'everyone',
    cost: (request) => Number(request.headers?.['x-cost'] ?? 1),
  })
  @Get('asked')
  asked() {
    return run('asked');
  }

  @RateLimit({
    policies: [one('some', 1)],
    by: 'everyone',
    when: (request) => request.headers?.['x-when'] !== 'no',
    skip: (request) => request.headers?.['x-skip'] === 'yes',
  })
  @Get('some')
  some() {
    return run('some');
  }

  @RateLimit({ policies: [one('lists', 1)], allow: ['10.0.0.0/8'], deny: ['192.0.2.0/24'] })
  @Get('lists')
  lists() {
    return run('lists');
  }

  @RateLimit({ policies: [one('watched', 1)], shadow: true })
  @RateLimit({ policies: [one('enforced', 3)] })
  @Get('shadow')
  shadow() {
    return run('shadow');
  }

  // The wide one is written first, and asked last.
  @RateLimit({
    policies: [
      { ...one('wide', 5), by: 'ip' },
      { ...one('tight', 1), by: 'apiKey' },
    ],
  })
  @Get('narrow')
  narrow() {
    return run('narrow');
  }
}

@Controller('running')
export class RunningPages {
  @RateLimit({
    policies: [{ name: 'running', limit: 2, algorithm: 'concurrency', lease: '1h' }],
    by: 'everyone',
  })
  @Get(':how')
  async wait(@Param('how') how: string) {
    run('wait');
    await state.open;
    if (how === 'fail') throw new Error('failed');
    return run('waited');
  }
}

@Controller('long')
export class LongPages {
  @RateLimit({
    policies: [{ name: 'long', limit: 1, algorithm: 'concurrency', lease: '2500ms' }],
    by: 'everyone',
  })
  @Get()
  async wait() {
    run('long');
    await state.open;
    return 'long';
  }
}

@Controller('login')
export class LoginPages {
  @RateLimit({
    policies: [one('attempts', 3)],
    by: (request: { query?: { user?: string } }) => request.query?.user,
    countOnly: 'failures',
  })
  @HttpCode(200)
  @Post()
  async login(@Query('password') password: string) {
    run('login');
    await state.open;
    if (password !== 'right') throw new UnauthorizedException();
    return run('in');
  }
}
