/** A backup's file: complete under its name or not there at all, and readable by its owner alone. */
import { createWriteStream, existsSync, type WriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from './store-url.ts';

export interface BackupFile {
  /** To be written to its end. */
  readonly stream: WriteStream;
  /** Puts what was written in its place, so that it is still there after a power cut. */
  keep(): Promise<void>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** Throws UsageError when something is there already, unless `force`. */
export function createBackupFile(path: string, force: boolean): BackupFile {
  const target = resolve(path);
  const assertFree = (): void => {
    if (!force && existsSync(target)) throw new UsageError(`--to: ${target} is there already; --force replaces it`);
  };
  assertFree();
  const partial = `${target}.partial-${process.pid}`;
  const stream = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
  return {
    stream,
    async keep() {
      assertFree();
      await rename(partial, target);
      const directory = await open(dirname(target));
      await directory.sync().finally(() => directory.close());
    },
    discard: () => rm(partial, { force: true }),
  };
}

/** What the system said about a file, as a sentence with the fix; undefined when it was about something else. */
export function fileSentence(error: unknown, path: string): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  switch (error.code) {
    case 'ENOENT':
      return `${path}: there is no such file or directory; look at the path`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `${path}: this process may not open it; use another place, or change who may`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `${path}: the disk is full; free some space, or use another disk`;
    case 'EISDIR':
      return `${path}: this is a directory; name a file`;
    default:
      return `${path}: it cannot be used (${String(error.code)}); look at the disk`;
  }
}
