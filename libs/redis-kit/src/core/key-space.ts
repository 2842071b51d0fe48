/** Version of the key layout. It changes when stored data of an older release could be misread. */
export const KEY_FORMAT = 1;

/**
 * Spells the keys of one application: `<namespace>:v<format>:<feature>:{<entity>}[:<part>]`.
 *
 * The braces are the Cluster hash tag: keys of one entity share a slot, so a script may use them together.
 */
export class KeySpace {
  constructor(readonly namespace: string) {}

  /** What all keys of features begin with whose name begins with `feature`. */
  prefix(feature: string): string {
    return `${this.namespace}:v${KEY_FORMAT}:${feature}`;
  }

  /** The key of `entity` in `feature`; `part` names one of several keys of the same entity. */
  key(feature: string, entity: string, part?: string): string {
    const key = `${this.namespace}:v${KEY_FORMAT}:${feature}:{${hashTag(entity)}}`;
    return part === undefined ? key : `${key}:${part}`;
  }
}

/**
 * An empty hash tag is none: Redis would spread the keys of `''` and of `'}…'` over several slots. Those entities get a
 * `~` in front, and so do those that begin with one, so that no two entities meet.
 */
const hashTag = (entity: string): string => (/^[}~]|^$/.test(entity) ? `~${entity}` : entity);
