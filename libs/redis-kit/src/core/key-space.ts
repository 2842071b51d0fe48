/** Version of the key layout. It changes when stored data of an older release could be misread. */
export const KEY_FORMAT = 1;

/**
 * Spells the keys of one application: `<namespace>:v<format>:<feature>:{<entity>}[:<part>]`.
 *
 * The braces are the Cluster hash tag: keys of one entity share a slot, so a script may use them together.
 */
export class KeySpace {
  constructor(readonly namespace: string) {}

  /** The key of `entity` in `feature`; `part` names one of several keys of the same entity. */
  key(feature: string, entity: string, part?: string): string {
    const key = `${this.namespace}:v${KEY_FORMAT}:${feature}:{${entity}}`;
    return part === undefined ? key : `${key}:${part}`;
  }
}
