/** Accounts as rows: who exists, how they prove it, and what others may see of them. */
import { randomBytes } from 'node:crypto';
import { StoreUnreachableError } from 'holdfast';
import { emailKey } from './email.ts';
import { isUniqueViolation } from './failure.ts';
import { RecentUsers } from './recent-users.ts';
import type { AccountsBackend } from './tables.ts';
import type { User } from './user.ts';

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
   * The account behind a session, at once where that is possible. This runs for every request with a session, so the answer
   * is kept for a second: a change of a name made by another process shows that much later. Whether somebody is signed in
   * never depends on it: that is the session's record, which is read every time. So while the accounts do not answer, what
   * was known of an account within the last hour is good enough; about an account that was not seen it fails with
   * `StoreUnreachableError`.
   */
  byId(id: string): User | null | Promise<User | null>;
}

export interface UsersOptions {
  /** Milliseconds since 1970. Default the system's clock. */
  readonly clock?: () => number;
  /** Told when the accounts did not answer `byId`, also where nobody noticed. */
  readonly onFailure?: (error: StoreUnreachableError) => void;
}

/** The accounts in an open database. */
export function createUsers(backend: AccountsBackend, options: UsersOptions = {}): Users {
  const { clock = Date.now, onFailure = () => undefined } = options;
  const { database } = backend;
  const recent = new RecentUsers();

  function keep(id: string, user: User | null): User | null {
    recent.keep(id, user, clock());
    return user;
  }

  function lastKnown(id: string, error: unknown): User {
    if (!(error instanceof StoreUnreachableError)) throw error;
    onFailure(error);
    const now = clock();
    recent.failed();
    const known = recent.lastKnown(id, now);
    if (known === null) throw error;
    return known;
  }

  function ask(id: string): User | null | Promise<User | null> {
    try {
      const answer = backend.readUser(id);
      if (!(answer instanceof Promise)) return keep(id, answer);
      return answer.then(
        (user) => keep(id, user),
        (error: unknown) => lastKnown(id, error),
      );
    } catch (error) {
      return lastKnown(id, error);
    }
  }

  async function look(id: string): Promise<void> {
    try {
      await ask(id);
    } catch {
      // It was asked on nobody's behalf.
    }
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
      const fresh = recent.fresh(id, now);
      if (fresh !== null) return fresh;
      const known = recent.isOut ? recent.lastKnown(id, now) : null;
      if (known === null) return ask(id);
      // Who is known need not wait for a database that was silent a moment ago; somebody has to look after it, though.
      if (recent.mayLook(now)) void look(id);
      return known;
    },
  };
}
