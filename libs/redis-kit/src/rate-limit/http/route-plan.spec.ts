import { describe, expect, it } from '@jest/globals';
import { ConfigurationError } from '../../core/redis-kit.error.js';
import { RateLimit, SkipRateLimit } from './rate-limit.decorator.js';
import { checkRateLimit, routePlan } from './route-plan.js';
import type { RateLimitRouteOptions } from './route-policy.options.js';

const policy = (name: string, limit = 1) => ({ name, limit, per: '1m' }) as const;
const APPLICATION = checkRateLimit(
  { policies: [policy('global', 100), policy('burst', 50)] },
  'test',
);

@RateLimit({ policies: [policy('class', 10), policy('burst', 5)], by: 'user' })
class Shop {
  plain(): void {}

  @RateLimit({ policies: [policy('burst', 2), policy('own', 3)], by: 'apiKey' })
  own(): void {}

  @RateLimit({ policies: [policy('first')], cost: 2 })
  @RateLimit({ policies: [policy('second')], cost: 3 })
  stacked(): void {}

  @SkipRateLimit()
  free(): void {}

  @SkipRateLimit('burst', 'global')
  calm(): void {}

  @SkipRateLimit()
  @RateLimit({ policies: [policy('own')] })
  onlyOwn(): void {}

  @RateLimit({ policies: [{ ...policy('login'), scope: 'logins' }] })
  scoped(): void {}
}

class Outlet extends Shop {}

@SkipRateLimit()
class Open {
  plain(): void {}

  @RateLimit({ policies: [policy('own')] })
  own(): void {}
}

const namesOf = (type: { name: string; prototype: object }, method: string, from = APPLICATION) => {
  const handler = (type.prototype as Record<string, { name: string }>)[method]!;
  return routePlan(type, handler, from).policies.map(
    ({ policy: { name, limit }, scope }) => `${scope}/${name}=${String(limit)}`,
  );
};

describe('the policies of a route', () => {
  it('are those of the application, of its class, and its own; each replaces one of the same name around it', () => {
    expect(namesOf(Shop, 'plain')).toEqual(['/global=100', 'Shop/burst=5', 'Shop/class=10']);
    expect(namesOf(Shop, 'own')).toEqual([
      '/global=100',
      'Shop.own/burst=2',
      'Shop/class=10',
      'Shop.own/own=3',
    ]);
    expect(namesOf(Outlet, 'own')).toContain('Outlet/class=10');
  });

  it('keep the options of the decorator they come from', () => {
    const { policies } = routePlan(Shop, Shop.prototype.own, APPLICATION);
    expect(policies.map(({ options }) => options.by)).toEqual([
      undefined,
      'apiKey',
      'user',
      'apiKey',
    ]);
    const stacked = routePlan(Shop, Shop.prototype.stacked, undefined).policies;
    const costs = stacked.map(({ policy: { name }, options }) => [name, options.cost]);
    expect(Object.fromEntries(costs)).toEqual({
      burst: undefined,
      class: undefined,
      first: 2,
      second: 3,
    });
  });

  it('are none where all are skipped, and fewer where some are', () => {
    expect(namesOf(Shop, 'free')).toEqual([]);
    expect(namesOf(Shop, 'calm')).toEqual(['Shop/class=10']);
    expect(namesOf(Open, 'plain')).toEqual([]);
  });

  it('are those of a method although what is around it is skipped', () => {
    expect(namesOf(Shop, 'onlyOwn')).toEqual(['Shop.onlyOwn/own=1']);
    expect(namesOf(Open, 'own')).toEqual(['Open.own/own=1']);
  });

  it('may share their count with other routes', () => {
    expect(namesOf(Shop, 'scoped')).toContain('logins/login=1');
  });

  it('are decorated, or only those of the application', () => {
    expect(routePlan(Shop, Shop.prototype.plain, undefined).isDecorated).toBe(true);
    expect(routePlan(Open, Open.prototype.plain, APPLICATION).isDecorated).toBe(false);
    expect(routePlan(Open, Open.prototype.own, undefined).isDecorated).toBe(true);
  });

  it('have names of their own within one place', () => {
    const declare = () => {
      class Twice {
        @RateLimit({ policies: [policy('a')] })
        @RateLimit({ policies: [policy('a')] })
        method(): void {}
      }
      return Twice;
    };
    expect(declare).toThrow(ConfigurationError);
    expect(declare).toThrow("@RateLimit() of Twice.method() has two policies named 'a'");
  });

  it.each([
    [{}, '@RateLimit().policies: got undefined, expected a list of policies'],
    [{ policies: [{ limit: 1, per: '1s' }] }, 'policies[0].name: got undefined, expected a name'],
    [
      { policies: [{ ...policy('a\r\nb') }] },
      'policies[0].name: got "a\\r\\nb", expected up to 40 letters, digits and _ -',
    ],
    [
      { policies: [{ ...policy('a'), limit: -1 }] },
      'policies[0].limit: got -1, expected a whole number from 0',
    ],
    [{ policies: [{ ...policy('a'), limit: { pro: 1 } }] }, 'by tier with a default'],
    [
      { policies: [{ ...policy('a'), by: 'nobody' }] },
      'policies[0].by: got "nobody", expected one of ip, user',
    ],
    [{ policies: [policy('a')], by: [] }, '@RateLimit().by: got a list of 0'],
    [
      { policies: [policy('a')], allow: ['10.0.0.0/99'] },
      '@RateLimit().allow: got a list of 1, expected a list of addresses',
    ],
    [{ policies: [policy('a')], deny: ['example.org'] }, '@RateLimit().deny'],
    [
      { policies: [policy('a')], cost: 1.5 },
      '@RateLimit().cost: got 1.5, expected a whole number from 0',
    ],
    [{ policies: [policy('a')], countOnly: 'successes' }, 'expected one of "failures"'],
    [{ policies: [policy('a')], limits: 1 }, 'no such option'],
    [
      { policies: [{ ...policy('a'), burst: 0 }] },
      'policies[0].burst: got 0, expected a whole number from 1',
    ],
    [{ policies: [{ ...policy('a'), scope: 'a b' }] }, 'policies[0].scope: got "a b"'],
  ])('are checked when the class is loaded: %j', (options, message) => {
    const decorate = () => {
      class Wrong {
        @RateLimit(options as unknown as RateLimitRouteOptions)
        method(): void {}
      }
      return Wrong;
    };
    expect(decorate).toThrow(message);
  });
});
