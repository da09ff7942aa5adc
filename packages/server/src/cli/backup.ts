/** `holdfast backup`: writes all sessions into an encrypted file. */
import { backupStore } from 'holdfast/transfer';
import { createBackupFile, fileSentence } from './backup-file.ts';
import { takeBackupKey } from './backup-key.ts';
import { warnOfPasswords } from './migrate-store.ts';
import { complain, EXIT, say } from './output.ts';
import { createProgress } from './progress.ts';
import { onStopSignal } from './stop-signals.ts';
import { openStore, UsageError } from './store-url.ts';

export interface BackupCommandOptions {
  /** The file. */
  readonly to: string;
  readonly from?: string;
  readonly force: boolean;
}

/** Answers the exit status. */
export async function backup({ to: path, from, force }: BackupCommandOptions): Promise<number> {
  const options = from === undefined ? {} : { from };
  const progress = createProgress();
  const stop = new AbortController();
  const unlisten = onStopSignal(() => stop.abort());
  try {
    const key = takeBackupKey();
    warnOfPasswords(options);
    const { store, name } = await openStore(options, 'from');
    try {
      const expected = await Promise.resolve(store.count()).then(
        ({ sessions }) => sessions,
        () => null,
      );
      const file = createBackupFile(path, force);
      try {
        const result = await backupStore({
          from: store,
          to: file.stream,
          key,
          signal: stop.signal,
          onProgress: ({ sessions, bytes }) =>
            progress.show({ doing: 'writing', done: sessions, total: expected, unit: 'sessions', more: size(bytes) }),
        });
        await file.keep();
        progress.end();
        const { records, tombstones, undecodable, bytes, header } = result;
        if (undecodable > 0)
          complain(`${undecodable} entries cannot be read by this version and are not in the backup.`);
        say(`${path}: ${records} records and ${tombstones} ends of ${name}, ${size(bytes)}, key ${header.keyId}`);
        return EXIT.ok;
      } catch (error) {
        await file.discard();
        throw error;
      }
    } finally {
      await store.close();
    }
  } catch (error) {
    progress.end();
    if (stop.signal.aborted) {
      complain('Stopped; no backup was written.');
      return EXIT.failure;
    }
    if (error instanceof UsageError) {
      complain(`holdfast: ${error.message}`);
      return EXIT.usage;
    }
    const sentence = fileSentence(error, path);
    if (sentence === undefined) throw error;
    complain(`holdfast: ${sentence}`);
    return EXIT.failure;
  } finally {
    unlisten();
  }
}

/** Bytes as people read them. */
export function size(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.ceil(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
