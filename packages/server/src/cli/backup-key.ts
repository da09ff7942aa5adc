/** The key for backups, from BACKUP_KEY or BACKUP_KEY_FILE. */
import { parseSecrets, secretProblems } from 'holdfast';
import { ConfigError } from '../config/config.ts';
import { readSecretFile } from './store-url.ts';

/** Throws ConfigError, with the fix, for a missing or weak key and for one that also signs sessions. */
export function takeBackupKey(): string {
  const file = process.env.BACKUP_KEY_FILE;
  const key = (process.env.BACKUP_KEY ?? (file === undefined ? '' : readSecretFile(file, 'BACKUP_KEY_FILE'))).trim();
  // Whatever prints the environment later shall not print it.
  delete process.env.BACKUP_KEY;
  if (key === '') {
    throw problem('no key for backups is set', 'make one with: holdfast keys generate; keep it apart from the backups');
  }
  const problems = secretProblems(key);
  if (problems.length > 0) throw problem(problems.join('; '), 'make one with: holdfast keys generate');
  if (parseSecrets(process.env.SESSION_SECRET ?? '').includes(key)) {
    const message = 'it is the same as SESSION_SECRET, so whoever can read backups could sign anybody in';
    throw problem(message, 'make another one with: holdfast keys generate');
  }
  return key;
}

function problem(message: string, fix: string): ConfigError {
  return new ConfigError([{ name: 'BACKUP_KEY', message, fix }]);
}
