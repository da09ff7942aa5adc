/** How a drill ends. */

export type Outcome =
  | { readonly result: 'survived'; readonly summary: string }
  | { readonly result: 'lost'; readonly lost: number; readonly of: number; readonly how: string }
  | { readonly result: 'refused-safely'; readonly summary: string }
  | { readonly result: 'not-applicable'; readonly why: string }
  /** The drill itself failed, and says nothing about the system. */
  | { readonly result: 'failed'; readonly why: string };

export const survived = (summary: string): Outcome => ({ result: 'survived', summary });
export const refusedSafely = (summary: string): Outcome => ({ result: 'refused-safely', summary });
export const notApplicable = (why: string): Outcome => ({ result: 'not-applicable', why });
export const lostSome = (lost: number, of: number, how: string): Outcome => ({ result: 'lost', lost, of, how });

/** Survived when nothing was lost. `how` says what a loss looks like, `summary` what was tried. */
export function judge(lost: number, of: number, how: string, summary: string): Outcome {
  return lost === 0 ? survived(summary) : lostSome(lost, of, how);
}

/** The outcome in a few words. */
export function inWords(outcome: Outcome): string {
  switch (outcome.result) {
    case 'survived':
    case 'refused-safely':
      return outcome.summary;
    case 'lost':
      return `${outcome.lost} of ${outcome.of}: ${outcome.how}`;
    default:
      return outcome.why;
  }
}
