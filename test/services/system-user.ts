/** Whom to run as what refuses to run as root: PostgreSQL and PgBouncer do. */
import { readFileSync } from 'node:fs';

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** A user without rights when this process is root's, otherwise null: the server then runs as who runs the test. */
export function unprivilegedUser(): SystemUser | null {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = accounts.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('This server does not run as root, and /etc/passwd names neither postgres nor nobody to run it as.');
}
