/** How an outcome looks in a table: a mark and a word, never a colour alone. */
import type { Outcome } from '../run/outcome.ts';

export interface Mark {
  readonly sign: string;
  readonly word: string;
}

export function markOf(outcome: Outcome | undefined): Mark {
  switch (outcome?.result) {
    case undefined:
      return { sign: ' ', word: 'not run' };
    case 'survived':
      return { sign: '✔', word: 'survived' };
    case 'lost':
      return { sign: '✖', word: `lost ${outcome.lost} of ${outcome.of}` };
    case 'refused-safely':
      return { sign: '◆', word: 'refused safely' };
    case 'not-applicable':
      return { sign: '–', word: 'not applicable' };
    case 'failed':
      return { sign: '!', word: 'drill failed' };
  }
}
