/** The API keys of back ends that make and validate one-time sessions: rows in the accounts database. */
import { timingSafeEqual } from 'node:crypto';
import type { AccountsBackend, ApiKeyTable } from '../accounts/tables.ts';
import { formatApiKey, hashApiKeySecret, newApiKey, parseApiKey } from './api-key.ts';

/** A key that is good. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** Whose pages it may have one-time sessions for, exact. At least one. */
  readonly origins: readonly string[];
}

/** A key as a list shows it; times in milliseconds since 1970. */
export interface ApiKeyFacts extends ApiKey {
  readonly createdAt: number;
  /** To the minute. */
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
}

/** Everything fails with `StoreUnreachableError` when the database does not answer. */
export interface ApiKeys {
  /** `key` is told here and never again. */
  create(key: Omit<ApiKey, 'id'>): Promise<{ readonly id: string; readonly key: string }>;
  /** The oldest first. */
  list(): Promise<readonly ApiKeyFacts[]>;
  revoke(id: string): Promise<'revoked' | 'revoked-before' | 'absent'>;
  /** Null for anything but a key of ours that was not revoked. A revocation by another process counts 5 s later at most. */
  verify(text: string): Promise<ApiKey | null>;
}

/** How long a row counts without asking for it again. */
const FRESH_MS = 5000;
const ROWS_KEPT = 1000;
const USE_NOTED_EVERY_MS = 60_000;

interface KnownRow {
  readonly row: ApiKeyTable;
  readonly at: number;
}

/** The keys in an open database. `clock` gives milliseconds since 1970. */
export function createApiKeys({ database }: AccountsBackend, clock: () => number = Date.now): ApiKeys {
  const known = new Map<string, KnownRow>();
  const noted = new Map<string, number>();

  async function rowOf(id: string): Promise<ApiKeyTable | null> {
    const kept = known.get(id);
    const now = clock();
    if (kept !== undefined && now >= kept.at && now - kept.at < FRESH_MS) return kept.row;
    const row = await database.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst();
    known.delete(id);
    if (row === undefined) return null;
    if (known.size >= ROWS_KEPT) known.clear();
    known.set(id, { row, at: now });
    return row;
  }

  /** Nobody waits for it: it tells an operator which keys are idle, and no answer depends on that. */
  function noteUse({ id, last_used_at }: ApiKeyTable): void {
    const now = clock();
    if (now - (noted.get(id) ?? last_used_at ?? 0) < USE_NOTED_EVERY_MS) return;
    noted.set(id, now);
    database
      .updateTable('api_keys')
      .set({ last_used_at: now })
      .where('id', '=', id)
      .where((is) => is.or([is('last_used_at', 'is', null), is('last_used_at', '<=', now - USE_NOTED_EVERY_MS)]))
      .execute()
      .catch(() => noted.delete(id));
  }

  return {
    async create({ name, origins }) {
      const parts = newApiKey();
      const row: ApiKeyTable = {
        id: parts.id,
        secret_hash: hashApiKeySecret(parts.secret).toString('base64url'),
        name,
        origins: JSON.stringify(origins),
        created_at: clock(),
        last_used_at: null,
        revoked_at: null,
      };
      await database.insertInto('api_keys').values(row).execute();
      return { id: parts.id, key: formatApiKey(parts) };
    },

    async list() {
      const rows = await database.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id').execute();
      return rows.map((row) => ({
        ...toApiKey(row),
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at,
        revokedAt: row.revoked_at,
      }));
    },

    async revoke(id) {
      const row = await database.selectFrom('api_keys').select('revoked_at').where('id', '=', id).executeTakeFirst();
      if (row === undefined) return 'absent';
      if (row.revoked_at !== null) return 'revoked-before';
      await database.updateTable('api_keys').set({ revoked_at: clock() }).where('id', '=', id).execute();
      known.delete(id);
      return 'revoked';
    },

    async verify(text) {
      const parts = parseApiKey(text);
      if (parts === null) return null;
      const row = await rowOf(parts.id);
      if (row === null) return null;
      const isRight = timingSafeEqual(hashApiKeySecret(parts.secret), Buffer.from(row.secret_hash, 'base64url'));
      if (!isRight || row.revoked_at !== null) return null;
      noteUse(row);
      return toApiKey(row);
    },
  };
}

function toApiKey({ id, name, origins }: ApiKeyTable): ApiKey {
  return { id, name, origins: JSON.parse(origins) as string[] };
}
