/** `POST /auth/create-session`: makes a one-time session for a back end, for a signed-in person, or while developing. */
import type { FastifyRequest } from 'fastify';
import { HoldfastError } from 'holdfast';
import type { HttpSessions } from 'holdfast/http';
import type { TicketContents, Tickets } from 'holdfast/tickets';
import type { Logger } from 'pino';
import { Type } from 'typebox';
import type { Users } from '../accounts/users.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { apiKeyOf } from '../api-keys/require-api-key.ts';
import type { App } from '../app-type.ts';
import { problemResponse } from '../ops/openapi.ts';
import { ProblemError } from '../ops/problem-error.ts';
import { requireUser } from '../sessions/current-user.ts';
import { Contents, toContents } from './contents.ts';
import { answered, limitReached, outOfScope } from './ticket-problems.ts';

export interface CreateRouteParts {
  readonly tickets: Tickets;
  readonly apiKeys: ApiKeys;
  readonly http: HttpSessions;
  readonly users: Users;
  /** What keeps them: `sqlite`, `redis` … */
  readonly storage: string;
  /** What a signed-in person may bind one to: the service's own origins and ALLOWED_ORIGINS. */
  readonly ownerOrigins: readonly string[];
  /** In development anybody may. */
  readonly open: boolean;
  readonly logger: Logger;
}

const Created = Type.Object(
  {
    session_id: Type.String({ description: 'Told here and never again.' }),
    expires_in_minutes: Type.Integer(),
    iframe_url: Type.String({ description: 'A path of this service, for the `src` of an iframe.' }),
    storage: Type.String(),
  },
  { description: 'Made.' },
);
const MINUTE_MS = 60_000;

/** Needs `useSessions` on the same scope. */
export function createRoute(scope: App, parts: CreateRouteParts): void {
  const { tickets, apiKeys, storage, open, logger } = parts;
  let told = false;

  scope.post(
    '/auth/create-session',
    {
      config: { apiKeys: true },
      preValidation(request, _reply, done) {
        // Everything about it is optional, and so is the body.
        request.body ??= {};
        done();
      },
      schema: {
        operationId: 'createOneTimeSession',
        tags: ['one-time sessions'],
        summary: 'Makes a one-time session, for an API key or a signed-in person; in development for anybody',
        security: [{ apiKey: [] }, {}],
        body: Contents,
        response: {
          201: Created,
          400: problemResponse('The body is not JSON.'),
          401: problemResponse('The API key is bad; or there is none, and nobody is signed in.'),
          403: problemResponse('The API key or the account may not use that origin, or the page may not send this.'),
          413: problemResponse('What is given along is too large.'),
          415: problemResponse('The body is not sent as application/json.'),
          422: problemResponse('Fields are wrong; `errors` names each.'),
          429: problemResponse('As many as allowed wait to be used; none gives way. Ask again after Retry-After.'),
          503: problemResponse('A store does not answer; ask again after Retry-After.'),
        },
      },
    },
    async (request, reply) => {
      const contents = await permitted(request, toContents(request.body));
      const outcome = answered(await create(contents));
      if (outcome.status === 'limit-reached') throw limitReached(outcome.retryAfterSeconds);
      const { createdAt, expiresAt } = outcome.ticket;
      reply.code(201).header('cache-control', 'no-store');
      return {
        session_id: outcome.id,
        expires_in_minutes: Math.round((expiresAt - createdAt) / MINUTE_MS),
        iframe_url: `/client/iframe.html?session_id=${outcome.id}`,
        storage,
      };
    },
  );

  /** Throws the 401 or 403 for who may not; a key's own origins stand in where none were named. */
  async function permitted<C extends TicketContents & { readonly origins: readonly string[] }>(
    request: FastifyRequest,
    contents: C,
  ): Promise<C> {
    const key = await apiKeyOf(request, apiKeys);
    if (key !== null) {
      if (contents.origins.length === 0) return { ...contents, origins: key.origins };
      refuseForeign(contents.origins, key.origins, 'The API key is not for');
      return contents;
    }
    if (open) {
      if (!told)
        logger.warn(
          'anybody may create one-time sessions here, because this is development; in production it takes an API key or a sign-in',
        );
      told = true;
      return contents;
    }
    await requireUser(request, parts.users, parts.http.sessions);
    refuseForeign(contents.origins, parts.ownerOrigins, 'PUBLIC_URL and ALLOWED_ORIGINS do not name');
    return contents;
  }

  async function create(contents: TicketContents) {
    try {
      return await tickets.create(contents);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== 'data-too-large') throw error;
      const detail = 'Send at most 8,192 characters of JSON in user and data together.';
      throw new ProblemError('body-too-large', { detail });
    }
  }
}

function refuseForeign(wanted: readonly string[], allowed: readonly string[], why: string): void {
  const foreign = wanted.filter((origin) => !allowed.includes(origin));
  if (foreign.length > 0) throw outOfScope(`${why} ${foreign.join(', ')}.`);
}
