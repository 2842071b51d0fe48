// @ts-check
import { describe, expect, it } from '@jest/globals';
import { errorsIn, errorsPage } from './errors.mjs';
import { eventsIn } from './events.mjs';
import { keysIn, keysPage } from './keys.mjs';
import { optionsIn, optionsPage } from './options.mjs';
import { sourceOf } from './sources.mjs';

describe('the options of the sources', () => {
  const source = sourceOf(
    'lock/lock.options.ts',
    `/** How locks behave. */
     export class LockOptions extends FeatureOptions {
       /**
        * How long a lock is held
        * without renewal, see {@link Lock}.
        * @default '30s'
        */
       @IsDuration()
       lease?: Duration | undefined;
       /** Who holds it. */
       owner!: string;
       onFailure?: 'open' | 'closed';
       #cache = 1;
       private hidden = 1;
       static shared = 1;
     }
     class InnerOptions { never = 1; }
     export class Lock { never = 1; }`,
  );

  it('are the public properties of the exported classes named so', () => {
    expect(optionsIn([source])).toEqual([
      {
        name: 'LockOptions',
        base: 'FeatureOptions',
        doc: 'How locks behave.',
        options: [
          {
            name: 'lease',
            type: 'Duration',
            isRequired: false,
            default: "'30s'",
            doc: 'How long a lock is held without renewal, see `Lock`.',
          },
          {
            name: 'owner',
            type: 'string',
            isRequired: true,
            default: undefined,
            doc: 'Who holds it.',
          },
          {
            name: 'onFailure',
            type: "'open' | 'closed'",
            isRequired: false,
            default: undefined,
            doc: '',
          },
        ],
      },
    ]);
  });

  it('become tables in which a bar does not end a cell', () => {
    const text = optionsPage([source]);
    expect(text).toContain("| `onFailure` | `'open' \\| 'closed'` |  |  |");
    expect(text).toContain('| `owner` | `string` | required | Who holds it. |');
    expect(text).toContain('It takes everything of [FeatureOptions](#featureoptions), too.');
  });
});

describe('the events of the sources', () => {
  it('are the members of the map, in its own module and where features add to it', () => {
    const core = sourceOf(
      'core/events.ts',
      `export interface RedisKitEventMap {
         /** A connection became usable. */
         'connection.ready': { connection: string };
       }
       interface Other { never: string }`,
    );
    const lock = sourceOf(
      'lock/lock.events.ts',
      `declare module '../core/events.js' {
         interface RedisKitEventMap {
           'lock.lost': {
             /** Which. */
             name: string;
             heldMs: number,
           };
         }
       }`,
    );
    expect(eventsIn([core, lock])).toEqual([
      {
        feature: 'core',
        name: 'connection.ready',
        payload: '{ connection: string }',
        doc: 'A connection became usable.',
      },
      { feature: 'lock', name: 'lock.lost', payload: '{ name: string; heldMs: number }', doc: '' },
    ]);
  });
});

describe('the errors of the sources', () => {
  const source = sourceOf(
    'lock/lock.errors.ts',
    `/** The lock is not held. */
     export class LockLostError extends LockError {
       readonly code = 'LOCK_LOST' as const;
       readonly fence: number;
       #secret = 1;
       constructor(readonly name: string, private a: string, b: string) { super(''); }
     }
     export class LockGoneError extends LockLostError {}
     export abstract class LockError extends RedisKitError { readonly code: string = 'LOCK_FAILED'; }
     export class Unrelated extends Error {}
     class Inner extends RedisKitError { readonly code = 'INNER'; }`,
  );

  it('are the exported classes that come from RedisKitError, with the code they have or inherit', () => {
    expect(errorsIn([source]).map(({ name, code, details }) => [name, code, details])).toEqual([
      ['LockLostError', 'LOCK_LOST', ['fence', 'name']],
      ['LockGoneError', 'LOCK_LOST', []],
      ['LockError', 'LOCK_FAILED', []],
    ]);
  });

  it('become one table per feature', () => {
    expect(errorsPage([source])).toContain('## Lock\n\n| Error | Code | Details | Meaning |');
  });
});

describe('the keys of the sources', () => {
  const text = `
    /** \`<namespace>:v1:lock:{<name>}\` — holder and fence (hash, expires). */
    export function lockKey(name: string): string { return name; }
    /** \`<namespace>:v1:lock:wake\`: the channel of releases. */
    export const wakeChannel = (): string => '';
    function inner(): void {}
    export type Never = string;`;

  it('are the patterns above what is exported', () => {
    expect(keysIn([sourceOf('lock/lock.keys.ts', text), sourceOf('lock/lock.ts', text)])).toEqual([
      {
        feature: 'lock',
        name: 'lockKey',
        pattern: '<namespace>:v1:lock:{<name>}',
        doc: 'holder and fence (hash, expires).',
      },
      {
        feature: 'lock',
        name: 'wakeChannel',
        pattern: '<namespace>:v1:lock:wake',
        doc: 'the channel of releases.',
      },
    ]);
  });

  it('must all have a pattern', () => {
    const silent = sourceOf('lock/lock.keys.ts', '/** A key. */ export const lockKey = 1;');
    expect(() => keysPage([silent])).toThrow(
      'The comment above each of lockKey must begin with the pattern of its keys in backticks.',
    );
  });
});
