/** Makes the data directory ready, or says in one sentence why it cannot be used and what to do. */
import { chmodSync, closeSync, mkdirSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from './config.ts';

/** Creates the directory with mode 0700 where it is missing and tries a write. Throws `ConfigError`. */
export function prepareDataDirectory(path: string): void {
  try {
    makeDirectory(path);
    const facts = statSync(path);
    if (!facts.isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    refuseForeignOwner(path, facts.uid);
    if ((facts.mode & 0o077) !== 0) chmodSync(path, 0o700);
    tryWrite(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw unusable(path, error);
  }
}

/** The sentence for a failure in the data directory. */
export function dataDirectoryProblem(path: string, code: string): { message: string; fix: string } {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return {
        message: `this process may not write to ${path}`,
        fix: `give it to the service's user: chown -R <user> ${path}`,
      };
    case 'EROFS':
      return {
        message: `${path} lies on a read-only file system`,
        fix: 'mount a writable volume there, or set DATA_DIR',
      };
    case 'ENOTDIR':
    case 'EEXIST':
      return {
        message: `${path} is not a directory, or a part of its path is not`,
        fix: 'set DATA_DIR to a directory',
      };
    case 'ENOENT':
      return {
        message: `${path} does not exist, nor does the directory it should lie in`,
        fix: `mount or create ${dirname(path)}, or set DATA_DIR to another directory`,
      };
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        message: `the disk that holds ${path} is full`,
        fix: 'free some space, or set DATA_DIR to another disk',
      };
    default:
      return { message: `${path} cannot be used (${code})`, fix: 'set DATA_DIR to a directory on a local disk' };
  }
}

/**
 * Makes the last part of the path alone: where more is missing, a volume is not mounted, and what was written to the bare
 * mount point would be gone with the next mount.
 */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function refuseForeignOwner(path: string, owner: number): void {
  const self = process.getuid?.();
  // root may use any directory; the files it makes there are its own again.
  if (self === undefined || self === 0 || owner === self) return;
  const message = `${path} belongs to user ${owner}, and this process runs as user ${self}`;
  throw new ConfigError([
    { name: 'DATA_DIR', message, fix: `run the service as that user, or: chown -R ${self} ${path}` },
  ]);
}

function tryWrite(path: string): void {
  const probe = join(path, `.write-probe-${process.pid}`);
  const file = openSync(probe, 'w', 0o600);
  try {
    // A full disk lets a file be made and refuses its contents.
    writeSync(file, Buffer.alloc(4096));
  } finally {
    closeSync(file);
    unlinkSync(probe);
  }
}

function unusable(path: string, error: unknown): ConfigError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return new ConfigError([{ name: 'DATA_DIR', ...dataDirectoryProblem(path, code) }]);
}
