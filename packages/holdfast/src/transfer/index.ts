/** `holdfast/transfer`: moves sessions from one store to another, and in and out of encrypted backups. */
export { type BackupOptions, type BackupProgress, type BackupResult, backupStore } from './backup.ts';
export { BACKUP_ERRORS, BackupError, type BackupErrorCode } from './backup-error.ts';
export { type BackupHeader, backupKeyId } from './backup-format.ts';
export type { Pause } from './caller.ts';
export type { MigrationCheckpoint, MigrationFigures } from './checkpoint.ts';
export type { BackupCounts } from './entry-lines.ts';
export { type MigrateOptions, type MigrationProgress, type MigrationResult, migrateSessions } from './migrate.ts';
export {
  type RestoreFigures,
  type RestoreOptions,
  type RestoreProgress,
  type RestoreResult,
  restoreStore,
} from './restore.ts';
