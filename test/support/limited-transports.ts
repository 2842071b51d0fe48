import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { RateLimit } from 'nestjs-redis-kit';

/** How often each handler ran, and what the slow ones wait for. */
export const state: { runs: Record<string, number>; open: Promise<void> } = {
  runs: {},
  open: Promise.resolve(),
};
const run = (name: string): number => (state.runs[name] = (state.runs[name] ?? 0) + 1);

const one = (name: string, limit: number) =>
  ({ name, limit, per: '1h', algorithm: 'fixed-window' }) as const;
const running = (name: string) =>
  ({ name, limit: 1, algorithm: 'concurrency', lease: '1h' }) as const;

@WebSocketGateway({ path: '/socket' })
export class LimitedGateway {
  @RateLimit({ policies: [one('by-address', 2)] })
  @SubscribeMessage('counted')
  counted() {
    return { event: 'counted', data: run('counted') };
  }

  @RateLimit({ policies: [running('running')], by: 'everyone' })
  @SubscribeMessage('slow')
  async slow() {
    run('slow');
    await state.open;
    return { event: 'slow', data: 'done' };
  }
}

@Controller()
export class LimitedMessages {
  @RateLimit({ policies: [one('by-address', 2)] })
  @MessagePattern('counted')
  counted(): number {
    return run('counted');
  }

  @RateLimit({
    policies: [one('by-tenant', 1)],
    by: (_request, context) => context.switchToRpc().getData<{ tenant: string }>().tenant,
    countOnly: 'failures',
  })
  @MessagePattern('tenant')
  tenant(@Payload() { fail }: { fail: boolean }): number {
    if (fail) throw new Error('failed');
    return run('tenant');
  }

  @RateLimit({ policies: [running('running')], by: 'everyone' })
  @MessagePattern('slow')
  async slow(): Promise<string> {
    run('slow');
    await state.open;
    return 'done';
  }
}
