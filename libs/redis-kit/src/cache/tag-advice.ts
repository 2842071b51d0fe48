import { Logger } from '@nestjs/common';
import { redactKey } from '../core/redact.js';
import type { Stamp } from './entry.js';

/** Each tag of a value is a token to keep in it, and one more to know, or to read, at each hit. */
const ADVISED_TAGS = 16;
const NAMED_TAGS = 5;

/** Says where tags are used in a way that costs more than it brings. */
export class TagAdvice {
  readonly #logger = new Logger('RedisKit');
  #hasToldOfValue = false;
  #hasToldOfTable = false;

  constructor(private readonly cache: string) {}

  /** Hears of the tags of each value that is made, and says once that a value has many. Their names may be about a person. */
  ofValue({ tags }: Pick<Stamp, 'tags'>): void {
    if (this.#hasToldOfValue || tags.size <= ADVISED_TAGS) return;
    this.#hasToldOfValue = true;
    const names = [...tags.keys()].slice(0, NAMED_TAGS).map((tag) => `'${redactKey(tag)}'`);
    this.#logger.warn(
      `A value of cache '${this.cache}' has ${tags.size} tags, among them ${names.join(', ')}. ${ADVICE}`,
    );
  }

  /** Says once that there are more tags than a process remembers. */
  ofTable(remembered: number): void {
    if (this.#hasToldOfTable) return;
    this.#hasToldOfTable = true;
    this.#logger.warn(
      `Cache '${this.cache}' has more tags in use than a process remembers (${remembered}), so their tokens are read ` +
        'again and again. Where a tag is on one key only, delete the key instead.',
    );
  }
}

/** Says at boot that a method gives each of its values many tags. */
export function adviseMethod(method: string, tags: readonly string[]): void {
  if (tags.length <= ADVISED_TAGS) return;
  const names = tags.slice(0, NAMED_TAGS).map((tag) => `'${tag}'`);
  new Logger('RedisKit').warn(
    `${method}() has ${tags.length} tags, among them ${names.join(', ')}. ${ADVICE}`,
  );
}

const ADVICE =
  `Each is read with the value where it is not remembered: up to ${ADVISED_TAGS} are advised. ` +
  'Tags are for what changes together.';
