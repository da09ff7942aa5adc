/** The files of a fresh PostgreSQL cluster, made by initdb as a user that is not root. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SystemUser } from './system-user.ts';

export interface PostgresFolderOptions {
  /** Where initdb is. */
  readonly programs: string;
  /** Where the files go; it belongs to `owner`. */
  readonly directory: string;
  /** Who runs the server; null for who runs this process. */
  readonly owner: SystemUser | null;
  readonly superuser: string;
  /** Null lets everybody on this machine in. */
  readonly password: string | null;
}

const run = promisify(execFile);

/** What PostgreSQL calls its data directory. */
export function dataFolder(directory: string): string {
  return join(directory, 'data');
}

/** Makes it; without waiting for the disk, because nobody needs it after the test. */
export async function initialisePostgres(options: PostgresFolderOptions): Promise<void> {
  const { programs, directory, owner, superuser, password } = options;
  const args = ['-D', dataFolder(directory), '-U', superuser, '--encoding=UTF8', '--locale=C.UTF-8'];
  args.push('--no-sync', '--no-instructions');
  if (password === null) {
    args.push('--auth=trust');
  } else {
    const passwordFile = join(directory, 'password');
    writeFileSync(passwordFile, `${password}\n`);
    args.push('--auth=scram-sha-256', `--pwfile=${passwordFile}`);
  }
  await run(join(programs, 'initdb'), args, { cwd: directory, ...owner });
}
