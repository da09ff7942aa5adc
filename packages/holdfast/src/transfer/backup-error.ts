/** What can be wrong with a backup: one table of codes, each with a sentence that says what to do. */

/** Every code with what it means and what to do about it. */
export const BACKUP_ERRORS = {
  'not-a-backup': 'this is not a backup of holdfast: name the file that holdfast backup wrote',
  'newer-format': 'the backup was made by a newer version of holdfast: restore it with that version',
  'wrong-key': 'the backup was made with another key: set BACKUP_KEY to the key that it was made with',
  truncated: 'the backup ends before its end: it was not copied whole, so take another copy of it',
  altered: 'the backup was changed since it was made: take another copy of it',
  'too-old':
    'the backup is more than a day old, and what ended since would be live again: let people sign in anew, or --accept-old',
} as const;

/** One of {@link BACKUP_ERRORS}. */
export type BackupErrorCode = keyof typeof BACKUP_ERRORS;

/** The backup cannot be used, or not any further. What was restored before stays, and restoring again is safe. */
export class BackupError extends Error {
  readonly code: BackupErrorCode;

  constructor(code: BackupErrorCode, detail?: string) {
    super(detail === undefined ? BACKUP_ERRORS[code] : `${BACKUP_ERRORS[code]} (${detail})`);
    this.name = 'BackupError';
    this.code = code;
  }
}
