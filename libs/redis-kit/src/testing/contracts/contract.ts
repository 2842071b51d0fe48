/** One thing that every implementation must do. `run` rejects when it does not. */
export interface ContractCase {
  readonly title: string;
  readonly run: () => Promise<void>;
}

/** What a case is tried on; made for each case, and disposed of after it. */
export interface ContractSubject {
  dispose(): Promise<void>;
}

/** Cases by title, in no need of a test framework: any can loop over them. */
export function casesOf<Subject extends ContractSubject>(
  create: () => Promise<Subject>,
  cases: Record<string, (subject: Subject) => Promise<void>>,
): ContractCase[] {
  return Object.entries(cases).map(([title, check]) => ({
    title,
    run: async () => {
      const subject = await create();
      try {
        await check(subject);
      } finally {
        await subject.dispose();
      }
    },
  }));
}
