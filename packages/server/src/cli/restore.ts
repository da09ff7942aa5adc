/** `holdfast restore`: brings the sessions of a backup into a store. */
import { createReadStream, statSync } from 'node:fs';
import { BackupError, type RestoreFigures, type RestoreProgress, restoreStore } from 'holdfast/transfer';
import { size } from './backup.ts';
import { fileSentence } from './backup-file.ts';
import { takeBackupKey } from './backup-key.ts';
import { warnOfPasswords } from './migrate-store.ts';
import { complain, EXIT, say } from './output.ts';
import { createProgress } from './progress.ts';
import { onStopSignal } from './stop-signals.ts';
import { openStore, UsageError } from './store-url.ts';

export interface RestoreCommandOptions {
  /** The file. */
  readonly from: string;
  readonly to?: string;
  readonly acceptOld: boolean;
}

/** Answers the exit status. */
export async function restore({ from: path, to, acceptOld }: RestoreCommandOptions): Promise<number> {
  const options = to === undefined ? {} : { to };
  const progress = createProgress();
  const stop = new AbortController();
  const unlisten = onStopSignal(() => stop.abort());
  let latest: RestoreProgress | null = null;
  try {
    const key = takeBackupKey();
    const total = statSync(path).size;
    warnOfPasswords(options);
    const { store, name } = await openStore(options, 'to');
    try {
      const result = await restoreStore({
        from: createReadStream(path),
        to: store,
        key,
        acceptOld,
        signal: stop.signal,
        onProgress(now) {
          latest = now;
          const more = `${now.restored} restored, ${now.ended} ended`;
          progress.show({ doing: 'restoring', done: kilo(now.bytes), total: kilo(total), unit: 'kB', more });
        },
      });
      progress.end();
      if (!result.finished) complain('Stopped; restoring again is safe. Until then:');
      const made = new Date(result.header.at).toISOString();
      say(`${path}: ${size(result.bytes)} of a ${result.header.kind} store, made at ${made}, into ${name}`);
      report(result);
      return result.finished && result.refused === 0 ? EXIT.ok : EXIT.failure;
    } finally {
      await store.close();
    }
  } catch (error) {
    progress.end();
    return explain(error, path, latest);
  } finally {
    unlisten();
  }
}

function kilo(bytes: number): number {
  return Math.ceil(bytes / 1000);
}

function report({ restored, ended, skipped, expired, refused }: RestoreFigures): void {
  say(`Restored: ${restored}`);
  say(`Ended: ${ended}`);
  say(`Left as they were, because the store has them newer or ended: ${skipped}`);
  say(`Left out, because they are over: ${expired}`);
  if (refused > 0) complain(`${refused} records cannot be kept in this store.`);
}

function explain(error: unknown, path: string, latest: RestoreProgress | null): number {
  if (error instanceof UsageError) {
    complain(`holdfast: ${error.message}`);
    return EXIT.usage;
  }
  const sentence = error instanceof BackupError ? `${path}: ${error.message}` : fileSentence(error, path);
  if (sentence === undefined && latest === null) throw error;
  complain(`holdfast: ${sentence ?? (error instanceof Error ? error.message : String(error))}`);
  if (latest === null) say('Nothing was restored.');
  else {
    say('Until then:');
    report(latest);
  }
  return EXIT.failure;
}
