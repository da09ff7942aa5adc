/** Is the process alive, and can it do its work? */
import type { FastifyRequest } from 'fastify';
import type { Sessions, StoreHealth } from 'holdfast';
import { Type } from 'typebox';
import type { App } from '../app-type.ts';
import { KEY_NEEDED, KEY_OR_DEVELOPMENT } from './openapi.ts';

export interface HealthParts {
  readonly sessions: Sessions;
  /** What keeps the sessions: `sqlite`, `redis`, `postgres`, `layered`. */
  readonly storage: string;
  /** Refuses who may not be told how the store is. */
  readonly mayAsk: (request: FastifyRequest) => Promise<void>;
  /** Tries a write in the accounts; never throws. */
  readonly accounts: () => Promise<StoreHealth>;
}

const Part = Type.Object({ healthy: Type.Boolean(), message: Type.String() });
const Readiness = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not-ready')]),
  store: Part,
  accounts: Part,
});
const StoreStatus = Type.Object({
  status: Type.Union([Type.Literal('healthy'), Type.Literal('unhealthy')]),
  message: Type.String(),
  timestamp: Type.String({ format: 'date-time' }),
});

/** `/healthz` answers as long as the process does; `/readyz` tries a write in both databases. */
export function healthRoutes(app: App, { sessions, storage, mayAsk, accounts }: HealthParts): void {
  const store = shared(async () => publicHealth(await sessions.health(), storage));
  const users = shared(accounts);

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
          503: { ...Readiness, description: 'One of them cannot; its message says which.' },
        },
      },
    },
    async (_request, reply) => {
      const [ofStore, ofAccounts] = await Promise.all([store(), users()]);
      const ready = ofStore.healthy && ofAccounts.healthy;
      reply.header('cache-control', 'no-store').code(ready ? 200 : 503);
      if (!ready) reply.header('retry-after', '1');
      return { status: ready ? ('ready' as const) : ('not-ready' as const), store: ofStore, accounts: ofAccounts };
    },
  );

  for (const [url, operationId] of [
    ['/auth/store-health', 'storeHealth'],
    ['/auth/redis-health', 'redisHealth'],
  ] as const) {
    app.get(
      url,
      {
        config: { quiet: true },
        onRequest: mayAsk,
        schema: {
          operationId,
          tags: ['operations'],
          summary:
            'Whether the session store, whichever it is, can be read and written; in production for API keys only',
          security: KEY_OR_DEVELOPMENT,
          response: {
            200: { ...StoreStatus, description: 'It can.' },
            401: KEY_NEEDED,
            503: { ...StoreStatus, description: 'It cannot.' },
          },
        },
      },
      async (_request, reply) => {
        const { healthy, message } = await store();
        reply.header('cache-control', 'no-store').code(healthy ? 200 : 503);
        if (!healthy) reply.header('retry-after', '1');
        const status = healthy ? ('healthy' as const) : ('unhealthy' as const);
        return { status, message, timestamp: new Date().toISOString() };
      },
    );
  }
}

/** Names no host, whoever asks; the log has the store's own sentence. */
function publicHealth({ healthy }: StoreHealth, storage: string): StoreHealth {
  const message = healthy
    ? `the session store (${storage}) can be read and written`
    : `the session store (${storage}) does not answer; the log says why`;
  return { healthy, message };
}

/** Whoever asks while an answer is under way gets that one: each of them costs a write. */
export function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let asking: Promise<T> | null = null;
  return () => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
}
