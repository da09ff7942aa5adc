/** Opens the accounts where the settings say, and says in a sentence why it cannot. */
import { join } from 'node:path';
import { HoldfastError } from 'holdfast';
import { type Config, ConfigError } from '../config/config.ts';
import { openPostgresAccounts } from './postgres-accounts.ts';
import { openSqliteAccounts } from './sqlite-accounts.ts';
import type { AccountsBackend } from './tables.ts';

/** Throws `ConfigError` that names the setting. */
export async function openAccounts(config: Config): Promise<AccountsBackend> {
  const { databaseUrl } = config;
  try {
    if (databaseUrl === null) return await openSqliteAccounts(join(config.dataDir, 'accounts.db'));
    return await openPostgresAccounts({ url: databaseUrl });
  } catch (error) {
    const [name, fix] =
      databaseUrl === null
        ? ['DATA_DIR', 'check that the file accounts.db in DATA_DIR can be opened, then start again']
        : [config.databaseSetting, 'check that PostgreSQL runs and lets us create tables in the schema holdfast'];
    throw new ConfigError([{ name, message: `the accounts cannot be used: ${reason(error)}`, fix }]);
  }
}

/** What a driver says, without the parts of it that may quote a row. */
function reason(error: unknown): string {
  if (error instanceof HoldfastError && error.cause instanceof Error)
    return `${error.message} (${error.cause.message})`;
  return error instanceof Error ? error.message : String(error);
}
