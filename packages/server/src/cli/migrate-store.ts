/** `holdfast migrate-store`: moves the sessions from one store to another while people stay signed in. */
import { HoldfastError } from 'holdfast';
import { type MigrationProgress, type MigrationResult, migrateSessions } from 'holdfast/transfer';
import { forgetMigration, readMigration, saveMigration } from './checkpoint-file.ts';
import { complain, EXIT, say } from './output.ts';
import { createProgress, type Progress } from './progress.ts';
import { onStopSignal } from './stop-signals.ts';
import { type NamedStore, openStore, type StoreOptions, showsPassword, UsageError } from './store-url.ts';

export interface MigrateStoreOptions extends StoreOptions {
  readonly follow: boolean;
  /** The file of an earlier run. */
  readonly resume?: string;
  readonly dryRun: boolean;
}

const DEFAULT_FILE = 'holdfast-migration.json';
const SAVE_MS = 1000;

/** Answers the exit status: 0 when everything was moved and verified. */
export async function migrateStore(options: MigrateStoreOptions): Promise<number> {
  const opened: NamedStore[] = [];
  try {
    if (options.from === undefined && options.to === undefined) {
      throw new UsageError('name the store to move to, such as --to env:NEW_STORE_URL');
    }
    warnOfPasswords(options);
    for (const role of ['from', 'to'] as const) opened.push(await openStore(options, role));
    const [from, to] = opened as [NamedStore, NamedStore];
    if (from.truth === to.truth) throw new UsageError(`--from and --to are the same store, ${from.name}; name two`);
    return await migrate(from, to, options);
  } catch (error) {
    if (error instanceof UsageError || (error instanceof HoldfastError && error.code === 'invalid-option')) {
      complain(`holdfast: ${error.message}`);
      return EXIT.usage;
    }
    throw error;
  } finally {
    for (const { store } of opened) await store.close();
  }
}

/** What is on the command line can be seen in the list of processes. */
export function warnOfPasswords(options: StoreOptions): void {
  for (const role of ['from', 'to'] as const) {
    if (!showsPassword(options[role])) continue;
    complain(`holdfast: everybody on this machine can see the password in --${role}; write --${role} env:NAME instead`);
  }
}

async function migrate(from: NamedStore, to: NamedStore, options: MigrateStoreOptions): Promise<number> {
  const file = options.dryRun ? null : (options.resume ?? DEFAULT_FILE);
  const checkpoint = options.resume === undefined ? null : readMigration(options.resume, from.name, to.name);
  const progress = createProgress();
  const [stop, finish] = [new AbortController(), new AbortController()];
  let latest: MigrationProgress | null = null;
  let saved = Number.NEGATIVE_INFINITY;
  const save = (): void => {
    if (file === null || latest === null) return;
    saveMigration(file, { from: from.name, to: to.name, checkpoint: latest.checkpoint });
    saved = performance.now();
  };
  const unlisten = onStopSignal((times) => {
    const following = options.follow && latest?.phase === 'comparing' && times === 1;
    if (following) progress.note('One last pass; once more to stop at once.');
    (following ? finish : stop).abort();
  });
  const hint = `go on with: holdfast migrate-store --resume ${file}, and the same stores`;
  try {
    say(
      `${options.dryRun ? 'Comparing' : 'Moving sessions from'} ${from.name} ${options.dryRun ? 'with' : 'to'} ${to.name}`,
    );
    const result = await migrateSessions({
      from: from.store,
      to: to.store,
      checkpoint,
      signal: stop.signal,
      dryRun: options.dryRun,
      ...(options.follow ? { follow: finish.signal } : {}),
      onProgress(now) {
        if (latest?.phase === 'copying' && now.phase === 'comparing' && options.follow) {
          progress.note('Everything was copied once; following what people do. Ctrl-C makes one last pass and ends.');
        }
        latest = now;
        show(progress, now);
        if (performance.now() - saved >= SAVE_MS) save();
      },
    });
    progress.end();
    if (!result.finished) {
      save();
      complain(file === null ? 'Stopped.' : `Stopped; ${hint}.`);
      return EXIT.failure;
    }
    if (result.verified && file !== null) forgetMigration(file);
    else save();
    return options.dryRun ? reportDryRun(result) : report(result, from.name, to.name);
  } catch (error) {
    progress.end();
    if (latest !== null && file !== null) {
      save();
      complain(`Stopped; ${hint}.`);
    }
    throw error;
  } finally {
    unlisten();
  }
}

function show(progress: Progress, { phase, pass, sessions, expected, figures }: MigrationProgress): void {
  const { copied, ended } = figures;
  progress.show({
    doing: phase === 'copying' ? 'copying' : `comparing (pass ${pass})`,
    done: sessions,
    total: expected,
    unit: 'sessions',
    more: `${copied} copied, ${ended} ended`,
  });
}

function reportDryRun({ copied, ended, undecodable }: MigrationResult): number {
  say(`Would be copied: ${copied}`);
  say(`Would be ended: ${ended}`);
  say(`Cannot be read by this version: ${undecodable}`);
  say('Nothing was written.');
  return EXIT.ok;
}

function report(result: MigrationResult, from: string, to: string): number {
  const { copied, ended, skipped, undecodable, differing, missing, missingIds, counts } = result;
  say(`Copied: ${copied}`);
  say(`Ended: ${ended}`);
  say(`Left as they were, because the target has them newer or ended: ${skipped}`);
  say(`Live sessions: ${counts.from ?? '?'} in ${from}, ${counts.to ?? '?'} in ${to}`);
  if (undecodable > 0) complain(`${undecodable} entries cannot be read by this version and stay in ${from}.`);
  if (differing > 0) {
    complain(`${differing} sessions were written to in both stores at once; what is in ${to} counts.`);
  }
  if (missing === 0) {
    say(`Verified: everything in ${from} is in ${to}, at least as new, and what ended there has ended here.`);
    return EXIT.ok;
  }
  complain(`${missing} entries are missing in ${to}, or cannot be kept there: ${missingIds.join(', ')}`);
  return EXIT.failure;
}
