/** What a factory answers with when its value is for its callers only. */
export class Unstored {
  constructor(readonly value: unknown) {}
}

/** The value itself, whether it was to be stored or not. */
export const valueOf = (answer: unknown): unknown =>
  answer instanceof Unstored ? answer.value : answer;
