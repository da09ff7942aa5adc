/** Makes sure that the session file lies where only its owner can read it and where SQLite can work, or says what to do. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HoldfastError } from '../../core/errors.ts';
import { networkFileSystem } from './network-file-system.ts';

const OTHERS = 0o077;
const STICKY = 0o1000;

/**
 * Creates or checks directory (0700) and file (0600) and answers the file's absolute path. Permission bits of group and
 * others are removed where both are ours; whatever cannot be repaired throws `store-unusable` with the fix.
 */
export function prepareFile(directory: string, fileName: string): string {
  const folder = resolve(directory);
  prepareDirectory(folder);
  const file = join(folder, fileName);
  createFile(file, folder);
  // SQLite gives files that it makes beside the database the database's own permissions; these may be older.
  for (const path of [file, `${file}-wal`, `${file}-shm`]) if (existsSync(path)) checkFile(path);
  return file;
}

function prepareDirectory(folder: string): void {
  try {
    // The last part of the path alone: where more is missing, a volume is not mounted, and sessions written to the bare
    // mount point would be gone with the next mount.
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTDIR') {
      throw unusable(`${folder} lies under a file, not a directory: name a directory of its own`, error);
    }
    if (code === 'ENOENT') {
      throw unusable(`${folder} lies in a directory that does not exist: mount or create ${dirname(folder)}`, error);
    }
    if (code !== 'EEXIST') {
      throw unusable(`${folder} cannot be created (${code}): make ${dirname(folder)} writable, or name another`, error);
    }
  }
  const stats = statSync(folder);
  if (!stats.isDirectory()) throw unusable(`${folder} is a file, not a directory: name a directory of its own`);
  if ((stats.mode & STICKY) !== 0 || folder === dirname(folder)) {
    throw unusable(`${folder} is shared with the whole system: name a directory that belongs to the sessions alone`);
  }
  const network = networkFileSystem(statfsSync(folder).type);
  if (network !== null) {
    throw unusable(
      `${folder} is on a network file system (${network}), where SQLite loses data: use a local disk, or a store made ` +
        'for several hosts',
    );
  }
  makePrivate(folder, stats, 0o700);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = codeOf(error) === 'EROFS' ? 'is on a read-only disk: mount it writable' : 'is not writable';
    throw unusable(`${folder} ${why}; the sessions need a directory that this process may write to`, error);
  }
}

/** Made here and not by SQLite, so that there is no moment in which the umask decides who may read it. */
function createFile(file: string, folder: string): void {
  if (existsSync(file)) return;
  try {
    closeSync(openSync(file, 'a', 0o600));
    // Without this, a power cut could take the new file's name away, and with it every session synced into it.
    const handle = openSync(folder, 'r');
    fsyncSync(handle);
    closeSync(handle);
  } catch (error) {
    throw unusable(`${file} cannot be created (${codeOf(error)}): check free space and permissions`, error);
  }
}

function checkFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  // SQLite may remove -wal and -shm while another process closes.
  if (stats === undefined) return;
  if (!stats.isFile()) throw unusable(`${path} is not a regular file: move it away, or name another file`);
  makePrivate(path, stats, 0o600);
}

function makePrivate(path: string, stats: Stats, mode: number): void {
  const uid = process.geteuid?.();
  // Windows has neither owners nor bits in this sense; there the directory's access list decides.
  if (uid === undefined) return;
  if (stats.uid !== uid) {
    throw unusable(
      `${path} belongs to user ${stats.uid} and this process runs as user ${uid}: run it as user ${stats.uid}, or ` +
        `chown -R ${uid} the directory`,
    );
  }
  if ((stats.mode & OTHERS) === 0 && (stats.mode & mode) === mode) return;
  try {
    chmodSync(path, mode);
  } catch (error) {
    throw unusable(`${path} is open to other users and cannot be closed to them: chmod ${mode.toString(8)} it`, error);
  }
  // Some file systems accept a chmod and ignore it.
  if ((statSync(path).mode & OTHERS) !== 0) {
    throw unusable(`${path} stays open to other users because its file system keeps no permissions: use another disk`);
  }
}

function unusable(detail: string, cause?: unknown): HoldfastError {
  return new HoldfastError('store-unusable', detail, { cause });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
