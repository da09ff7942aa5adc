/** Where a migration is, as a small JSON value: it holds no session, no token and no address. */
import { HoldfastError } from '../core/errors.ts';
import { TOMBSTONE_MS } from '../core/record.ts';

/** What a migration has done so far. */
export interface MigrationFigures {
  /** Records that the target took, each copy counted. */
  readonly copied: number;
  /** Ends that were repeated in the target. */
  readonly ended: number;
  /** Records that stayed as they were, because the target had a newer version or an end. */
  readonly skipped: number;
  /** Records that the target cannot hold; they are among `missing` in the end. */
  readonly refused: number;
}

/** Kept by whoever wants to go on later; give it back as `checkpoint`. */
export interface MigrationCheckpoint {
  readonly format: 1;
  /** The kinds of the two stores, such as `sqlite`. */
  readonly from: string;
  readonly to: string;
  /** What ended in the source before this time is in the target; milliseconds since 1970. */
  readonly endsSince: number;
  /** Whether everything was copied once, so that only comparing is left. */
  readonly copiedAll: boolean;
  /** Where copying goes on. */
  readonly cursor: string | null;
  readonly figures: MigrationFigures;
}

/**
 * Checks a checkpoint that comes from outside. Throws `invalid-option` when it is none, belongs to other stores, or is so
 * old that the source has forgotten some of the ends that the target has to learn.
 */
export function readCheckpoint(value: unknown, from: string, to: string, now: number): MigrationCheckpoint {
  if (!isCheckpoint(value)) {
    throw new HoldfastError('invalid-option', 'checkpoint: this is none of this version; begin without it');
  }
  if (value.from !== from || value.to !== to) {
    const [theirs, ours] = [`${value.from} to ${value.to}`, `${from} to ${to}`];
    throw new HoldfastError(
      'invalid-option',
      `checkpoint: it is of a move from ${theirs}, and this one is from ${ours}`,
    );
  }
  if (now - value.endsSince >= TOMBSTONE_MS) {
    const why = 'sessions that ended since then may be live in the target, and the source no longer knows';
    throw new HoldfastError(
      'invalid-option',
      `checkpoint: it is more than a day old: ${why}; begin with an empty target`,
    );
  }
  return value;
}

function isCheckpoint(value: unknown): value is MigrationCheckpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { format, from, to, endsSince, copiedAll, cursor, figures } = value as Partial<MigrationCheckpoint>;
  return (
    format === 1 &&
    typeof from === 'string' &&
    typeof to === 'string' &&
    Number.isFinite(endsSince) &&
    typeof copiedAll === 'boolean' &&
    (cursor === null || typeof cursor === 'string') &&
    typeof figures === 'object' &&
    figures !== null &&
    [figures.copied, figures.ended, figures.skipped, figures.refused].every((count) => Number.isSafeInteger(count))
  );
}
