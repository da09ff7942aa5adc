/** The tables of the accounts, and what every database that holds them offers. */
import type { Generated, Kysely } from 'kysely';
import type { User } from './user.ts';

/** An account. */
export interface UserTable {
  /** Random and opaque; never reused. */
  id: string;
  /** As the person typed it, without blanks around it. */
  email: string;
  /** What makes two spellings one account (email.ts). */
  email_key: string;
  /** Null when the person gave none. */
  name: string | null;
  /** An Argon2id string (password-hash.ts). */
  password_hash: string;
  /** Milliseconds since 1970. */
  created_at: number;
}

/** Attempts counted against one key within one window (throttle.ts). */
export interface AttemptTable {
  /** A hash: neither an address nor an e-mail address can be read from it. */
  key: string;
  count: Generated<number>;
  /** When the window ends, milliseconds since 1970. */
  resets_at: number;
}

/** A key of a back end (api-keys/). */
export interface ApiKeyTable {
  /** The part of the key that may be shown. */
  id: string;
  /** SHA-256 of the secret part, base64url. */
  secret_hash: string;
  /** What its owner calls it. */
  name: string;
  /** Whose pages it may have one-time sessions for: a JSON array of origins. */
  origins: string;
  /** Milliseconds since 1970, as all times here. */
  created_at: number;
  /** Written once a minute at most; null before the first use. */
  last_used_at: number | null;
  revoked_at: number | null;
}

/** The tables. */
export interface Tables {
  users: UserTable;
  attempts: AttemptTable;
  api_keys: ApiKeyTable;
}

/** The accounts over Kysely. Everything it throws is a broken rule, a programming mistake or `StoreUnreachableError`. */
export type AccountsDatabase = Kysely<Tables>;

/** An open accounts database. */
export interface AccountsBackend {
  readonly kind: 'sqlite' | 'postgres';
  readonly database: AccountsDatabase;
  /**
   * What an answer shows of one account, at once where the database answers at once. This runs for most requests with a
   * session. Fails with `StoreUnreachableError`.
   */
  readUser(id: string): User | null | Promise<User | null>;
  close(): Promise<void>;
}
