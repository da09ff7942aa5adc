/** A disk of its own that can be full: a small tmpfs, which takes the right to mount. */
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryDirectory } from '../../test/services/temporary-directory.ts';
import { removeAtExit } from '../process/leftovers.ts';

export interface SmallDisk {
  readonly path: string;
  /** Writes until there is no room left (ENOSPC). */
  fill(): void;
  /** Makes room again. */
  free(): void;
  remove(): void;
}

const PIECE = Buffer.alloc(64 * 1024);

/** Whether this machine lets us. */
export function canMountSmallDisks(): boolean {
  try {
    mountSmallDisk(1).remove();
    return true;
  } catch {
    return false;
  }
}

/** Throws when this machine does not let us mount one. */
export function mountSmallDisk(mebibytes: number): SmallDisk {
  const directory = makeTemporaryDirectory('disk');
  const { path } = directory;
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'holdfast-drill', path], { stdio: 'pipe' });
  chmodSync(path, 0o777);
  const unmount = (): void => {
    execFileSync('umount', ['--lazy', path], { stdio: 'pipe' });
  };
  const forget = removeAtExit(unmount);
  const ballast = join(path, 'ballast');
  return {
    path,
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (;;) if (writeSync(file, PIECE) === 0) return;
      } catch (error) {
        if (!isFull(error)) throw error;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast, { force: true }),
    remove() {
      forget();
      unmount();
      directory.remove();
    },
  };
}

/** Runs `start` with the disk in the place of the system's temporary folder, so that a server's files lie on it. */
export async function withTemporaryFolder<T>(disk: SmallDisk, start: () => Promise<T>): Promise<T> {
  const former = process.env.TMPDIR;
  process.env.TMPDIR = disk.path;
  try {
    return await start();
  } finally {
    if (former === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = former;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}
