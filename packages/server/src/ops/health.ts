/** Is the process alive, and can it do its work? */
import type { Sessions } from 'holdfast';
import { sql } from 'kysely';
import { Type } from 'typebox';
import type { AccountsDatabase } from '../accounts/database.ts';
import type { App } from '../app-type.ts';

export interface HealthParts {
  readonly sessions: Sessions;
  readonly accounts: AccountsDatabase;
}

const Part = Type.Object({ healthy: Type.Boolean(), message: Type.String() });
const Readiness = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not-ready')]),
  store: Part,
  accounts: Part,
});

/** `/healthz` answers as long as the process does; `/readyz` tries a write in both databases. */
export function healthRoutes(app: App, { sessions, accounts }: HealthParts): void {
  app.get(
    '/healthz',
    {
      config: { quiet: true },
      schema: {
        operationId: 'health',
        tags: ['operations'],
        summary: 'Whether the process is alive',
        response: { 200: Type.Object({ status: Type.Literal('alive') }, { description: 'It is.' }) },
      },
    },
    (_request, reply) => {
      reply.header('cache-control', 'no-store').send({ status: 'alive' as const });
    },
  );

  app.get(
    '/readyz',
    {
      config: { quiet: true },
      schema: {
        operationId: 'readiness',
        tags: ['operations'],
        summary: 'Whether the session store and the accounts can be read and written',
        response: {
          200: { ...Readiness, description: 'Both can.' },
          503: { ...Readiness, description: 'One of them cannot; its message says why.' },
        },
      },
    },
    async (_request, reply) => {
      const [store, users] = await Promise.all([sessions.health(), accountsHealth(accounts)]);
      const ready = store.healthy && users.healthy;
      reply.header('cache-control', 'no-store').code(ready ? 200 : 503);
      if (!ready) reply.header('retry-after', '1');
      return { status: ready ? ('ready' as const) : ('not-ready' as const), store, accounts: users };
    },
  );
}

async function accountsHealth(accounts: AccountsDatabase): Promise<{ healthy: boolean; message: string }> {
  try {
    // Rewrites what is there (or nothing): proves the write lock and the disk without leaving anything behind.
    await sql`update users set created_at = created_at where rowid = (select max(rowid) from users)`.execute(accounts);
    return { healthy: true, message: 'the accounts can be read and written' };
  } catch {
    return { healthy: false, message: 'the accounts cannot be written; is the disk full or the file locked?' };
  }
}
