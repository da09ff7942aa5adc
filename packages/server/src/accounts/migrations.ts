/** The history of the accounts database. Entries are only ever added: what has run somewhere stays as it is. */
import { type Kysely, type Migration, Migrator } from 'kysely';
import type { AccountsDatabase } from './database.ts';

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-users': {
    async up(database: Kysely<unknown>): Promise<void> {
      await database.schema
        .createTable('users')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('email', 'text', (column) => column.notNull())
        .addColumn('email_key', 'text', (column) => column.notNull().unique())
        .addColumn('name', 'text')
        .addColumn('password_hash', 'text', (column) => column.notNull())
        .addColumn('created_at', 'integer', (column) => column.notNull())
        .execute();
    },
  },
  '0002-attempts': {
    async up(database: Kysely<unknown>): Promise<void> {
      await database.schema
        .createTable('attempts')
        .addColumn('key', 'text', (column) => column.primaryKey().notNull())
        .addColumn('count', 'integer', (column) => column.notNull().defaultTo(0))
        .addColumn('resets_at', 'integer', (column) => column.notNull())
        .execute();
      await database.schema.createIndex('attempts_resets_at').on('attempts').column('resets_at').execute();
    },
  },
};

/** Brings the database up to date. Several processes may do so at once. Throws what stopped it. */
export async function migrate(database: AccountsDatabase): Promise<void> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
