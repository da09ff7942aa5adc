/** The history of the accounts database. Entries are only ever added: what has run somewhere stays as it is. */
import { type Kysely, type Migration, Migrator } from 'kysely';
import type { AccountsDatabase } from './tables.ts';

/** Where the tables are. */
export type MigrationTarget =
  | { readonly kind: 'sqlite' }
  /** In a schema of our own, so that a table of the application's with the same name is left alone. */
  | { readonly kind: 'postgres'; readonly schema: string };

/** Brings the database up to date. Several processes may do so at once. Throws what stopped it. */
export async function migrate(database: AccountsDatabase, target: MigrationTarget): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => migrationsFor(target) },
    ...(target.kind === 'postgres' ? { migrationTableSchema: target.schema } : {}),
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

function migrationsFor(target: MigrationTarget): Record<string, Migration> {
  // Milliseconds since 1970 do not fit an integer of PostgreSQL.
  const time = target.kind === 'sqlite' ? 'integer' : 'bigint';
  const schemaOf = (database: Kysely<unknown>) =>
    target.kind === 'sqlite' ? database.schema : database.schema.withSchema(target.schema);
  return {
    '0001-users': {
      async up(database: Kysely<unknown>): Promise<void> {
        await schemaOf(database)
          .createTable('users')
          .addColumn('id', 'text', (column) => column.primaryKey().notNull())
          .addColumn('email', 'text', (column) => column.notNull())
          .addColumn('email_key', 'text', (column) => column.notNull().unique())
          .addColumn('name', 'text')
          .addColumn('password_hash', 'text', (column) => column.notNull())
          .addColumn('created_at', time, (column) => column.notNull())
          .execute();
      },
    },
    '0002-attempts': {
      async up(database: Kysely<unknown>): Promise<void> {
        await schemaOf(database)
          .createTable('attempts')
          .addColumn('key', 'text', (column) => column.primaryKey().notNull())
          .addColumn('count', 'integer', (column) => column.notNull().defaultTo(0))
          .addColumn('resets_at', time, (column) => column.notNull())
          .execute();
        const index = schemaOf(database).createIndex('attempts_resets_at').on('attempts').column('resets_at');
        await index.execute();
      },
    },
    '0003-api-keys': {
      async up(database: Kysely<unknown>): Promise<void> {
        await schemaOf(database)
          .createTable('api_keys')
          .addColumn('id', 'text', (column) => column.primaryKey().notNull())
          .addColumn('secret_hash', 'text', (column) => column.notNull())
          .addColumn('name', 'text', (column) => column.notNull())
          .addColumn('origins', 'text', (column) => column.notNull())
          .addColumn('created_at', time, (column) => column.notNull())
          .addColumn('last_used_at', time)
          .addColumn('revoked_at', time)
          .execute();
      },
    },
  };
}
