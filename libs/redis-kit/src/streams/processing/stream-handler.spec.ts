import { describe, expect, it } from '@jest/globals';
import { Injectable, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { eventually } from '../../testing/rig/eventually.js';
import { RedisKitTestingModule } from '../../testing/redis-kit-testing.module.js';
import type { LoggedEvent } from '../event.js';
import { EventStore } from '../event-store.js';
import { StreamHandler } from './stream-handler.decorator.js';

const source = { category: 'order', group: 'g' } as const;

@Injectable()
class Mailer {
  readonly sent: string[] = [];

  @StreamHandler({ ...source, type: 'Paid' })
  confirm(event: LoggedEvent): void {
    this.sent.push(event.stream);
  }
}

@Injectable()
class Auditor extends Mailer {
  readonly seen: string[] = [];

  @StreamHandler(source)
  note({ type }: LoggedEvent): void {
    this.seen.push(type);
  }
}

const moduleOf = (
  ...providers: Parameters<typeof Test.createTestingModule>[0]['providers'] & object[]
) =>
  Test.createTestingModule({
    imports: [RedisKitTestingModule.forRoot({ streams: { partitions: 2, poll: '50ms' } })],
    providers,
  }).compile();

describe('@StreamHandler', () => {
  it('has methods called, those of base classes too, on the instance of the application', async () => {
    const module = await moduleOf(Auditor);
    await module.init();
    const auditor = module.get(Auditor);
    await module.get(EventStore).append('order-1', [
      { type: 'Placed', data: {} },
      { type: 'Paid', data: {} },
    ]);
    await eventually(() => expect(auditor.seen).toEqual(['Placed', 'Paid']), { within: 20_000 });
    expect(auditor.sent).toEqual(['order-1']);
    await module.close();
  });

  it('is refused where there is no singleton, no module, or no sense', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest extends Mailer {}
    const module = await moduleOf(PerRequest);
    await expect(module.init()).rejects.toThrow(/PerRequest has @StreamHandler methods/);
    await module.close();
    await expect(Test.createTestingModule({ providers: [Mailer] }).compile()).rejects.toThrow(
      /event-processor/,
    );
    for (const wrong of [
      { group: 'g' },
      { ...source, stream: 'order-1' },
      { ...source, category: 'a-b' },
      { ...source, group: '{}' },
      { ...source, retries: -1 },
      { ...source, backoff: 'soon' as never },
      { ...source, types: 'A' } as never,
    ]) {
      expect(() => StreamHandler(wrong)({}, 'method')).toThrow(
        expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
      );
    }
  });
});
