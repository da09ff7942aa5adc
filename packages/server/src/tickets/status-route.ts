/** `GET /auth/session-status`: how many one-time sessions there are. */
import type { FastifyRequest } from 'fastify';
import type { Tickets } from 'holdfast/tickets';
import { Type } from 'typebox';
import type { App } from '../app-type.ts';
import { shared } from '../ops/health.ts';
import { KEY_NEEDED, KEY_OR_DEVELOPMENT, problemResponse } from '../ops/openapi.ts';
import { answered } from './ticket-problems.ts';

export interface StatusRouteParts {
  readonly tickets: Tickets;
  readonly storage: string;
  /** Refuses who may not be told. */
  readonly mayAsk: (request: FastifyRequest) => Promise<void>;
}

const Status = Type.Object(
  {
    total_sessions: Type.Integer({ description: 'Used and unused ones that have not expired.' }),
    active_sessions: Type.Integer({ description: 'Those that can still be used.' }),
    used_sessions: Type.Integer(),
    total_created: Type.Integer({ description: 'Since the store was set up.' }),
    total_used: Type.Integer(),
    max_sessions: Type.Integer({ description: 'How many may wait to be used at a time.' }),
    storage: Type.String(),
    redis_healthy: Type.Boolean({ description: 'Whether the store is well, whichever it is.' }),
  },
  { description: 'Figures, and nothing about any single one.' },
);

/** Nothing here takes longer the more there are. */
export function statusRoute(app: App, { tickets, storage, mayAsk }: StatusRouteParts): void {
  const health = shared(() => tickets.health());

  app.get(
    '/auth/session-status',
    {
      config: { quiet: true },
      onRequest: mayAsk,
      schema: {
        operationId: 'oneTimeSessionFigures',
        tags: ['one-time sessions'],
        summary: 'How many one-time sessions there are; in production for API keys only',
        security: KEY_OR_DEVELOPMENT,
        response: { 200: Status, 401: KEY_NEEDED, 503: problemResponse('The store does not answer.') },
      },
    },
    async (_request, reply) => {
      const [outcome, { healthy }] = await Promise.all([tickets.figures(), health()]);
      const { live, used, totalCreated, totalUsed, maxTickets } = answered(outcome);
      reply.header('cache-control', 'no-store');
      return {
        total_sessions: live + used,
        active_sessions: live,
        used_sessions: used,
        total_created: totalCreated,
        total_used: totalUsed,
        max_sessions: maxTickets,
        storage,
        redis_healthy: healthy,
      };
    },
  );
}
