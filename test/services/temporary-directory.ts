/** A folder for one server's files, which goes with the server or, at the latest, with the process of the test. */
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';
import type { SystemUser } from './system-user.ts';

export interface TemporaryDirectory {
  readonly path: string;
  /** Removes it with everything inside; idempotent. */
  remove(): void;
}

/** Makes one below the system's temporary folder; `owner` is who may write into it (default: who runs the test). */
export function makeTemporaryDirectory(name: string, owner: SystemUser | null = null): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), `holdfast-${name}-`));
  if (owner !== null) chownSync(path, owner.uid, owner.gid);
  const removeNow = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  const forget = atExit(removeNow);
  return {
    path,
    remove() {
      forget();
      removeNow();
    },
  };
}
