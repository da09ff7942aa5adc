/** Tells a rule that was broken from a database that did not answer, for SQLite and PostgreSQL alike. */
import { StoreUnreachableError } from 'holdfast';

/** Classes of SQLSTATE that say something about the statement and nothing about the database (PostgreSQL, appendix A). */
const ABOUT_THE_STATEMENT = /^(21|22|23|42)/;
/** In class 42, but somebody has to mend the database: a missing permission, a table that is gone. */
const ABOUT_THE_SETUP = new Set(['42501', '42P01']);

/** Whether a row was refused because its unique key is taken. */
export function isUniqueViolation(error: unknown): boolean {
  return sqliteCode(error) === 2067 || sqliteCode(error) === 1555 || sqlState(error) === '23505';
}

/** Passes on a broken constraint, and turns everything else that SQLite says into "unreachable". */
export function asUnreachable(error: unknown): unknown {
  const code = sqliteCode(error);
  const closed = error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
  if (closed) return new StoreUnreachableError('the accounts database is closed', { cause: error });
  if (code === null || (code & 0xff) === 19 || (code & 0xff) === 1) return error;
  return new StoreUnreachableError('the accounts database did not answer', { cause: error });
}

/** The same for what `pg` throws: from PostgreSQL, a pooler, or the network between. */
export function asPostgresUnreachable(error: unknown): unknown {
  if (error instanceof StoreUnreachableError) return error;
  if (isAboutTheStatement(error)) return error;
  return new StoreUnreachableError('the accounts database did not answer', { cause: error });
}

/** Whether PostgreSQL answered and the connection can go on being used. */
export function isAboutTheStatement(error: unknown): boolean {
  const state = sqlState(error);
  return state !== null && ABOUT_THE_STATEMENT.test(state) && !ABOUT_THE_SETUP.has(state);
}

/** SQLite's extended result code. */
export function sqliteCode(error: unknown): number | null {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null;
}

function sqlState(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}
