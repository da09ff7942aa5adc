/** Accounts as rows: who exists, how they prove it, and what others may see of them. */
import { randomBytes } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type AccountsDatabase, asUnreachable, isUniqueViolation } from './database.ts';
import { emailKey } from './email.ts';

/** What an answer shows of an account. */
export interface User {
  readonly id: string;
  /** As the person typed it. */
  readonly email: string;
  readonly name: string | null;
}

export interface NewUser {
  readonly email: string;
  readonly name: string | null;
  readonly passwordHash: string;
}

/** The accounts. */
export interface Users {
  /** Null when the address already has an account. */
  create(user: NewUser): Promise<User | null>;
  findByEmail(email: string): Promise<(User & { readonly passwordHash: string }) | null>;
  /**
   * The account behind a session, at once. This runs for every request with a session, so the answer is kept for a
   * second: a change of a name made by another process shows that much later, one made through this object at once.
   * Whether somebody is signed in never depends on it: that is the session's record, which is read every time.
   */
  byId(id: string): User | null;
  close(): void;
}

const KEPT_MS = 1000;
const KEPT_AT_MOST = 10_000;

/** `path` is the file behind `database`; it is opened a second time, read-only, for {@link Users.byId}. */
export function createUsers(database: AccountsDatabase, path: string, clock: () => number = Date.now): Users {
  // Apart from Kysely's connection, whose transactions stay open across awaits and would show half-done work.
  // While opening it may meet another process that starts or stops, which holds the whole file for a moment.
  const reader = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  const select: StatementSync = reader.prepare('SELECT email, name FROM users WHERE id = ?');
  reader.exec('PRAGMA busy_timeout = 250');
  const kept = new Map<string, { readonly user: User; readonly until: number }>();

  function read(id: string): User | null {
    let row: Record<string, unknown> | undefined;
    try {
      row = select.get(id);
    } catch (error) {
      throw asUnreachable(error);
    }
    return row === undefined ? null : { id, email: row.email as string, name: row.name as string | null };
  }

  return {
    async create({ email, name, passwordHash }) {
      const user: User = { id: randomBytes(16).toString('base64url'), email: email.trim(), name };
      try {
        await database
          .insertInto('users')
          .values({ ...user, email_key: emailKey(email), password_hash: passwordHash, created_at: clock() })
          .execute();
      } catch (error) {
        if (isUniqueViolation(error)) return null;
        throw error;
      }
      return user;
    },

    async findByEmail(email) {
      const row = await database
        .selectFrom('users')
        .select(['id', 'email', 'name', 'password_hash as passwordHash'])
        .where('email_key', '=', emailKey(email))
        .executeTakeFirst();
      return row ?? null;
    },

    byId(id) {
      const now = clock();
      const known = kept.get(id);
      if (known !== undefined && now < known.until) return known.user;
      const user = read(id);
      if (kept.size >= KEPT_AT_MOST) kept.clear();
      if (user === null) kept.delete(id);
      else kept.set(id, { user, until: now + KEPT_MS });
      return user;
    },

    close: () => reader.close(),
  };
}
