/** `POST /auth/create-session`: makes a one-time session for a back end, for a signed-in person, or while developing. */
import type { FastifyRequest } from 'fastify';
import { HoldfastError } from 'holdfast';
import type { HttpSessions } from 'holdfast/http';
import type { TicketContents, Tickets } from 'holdfast/tickets';
import type { Logger } from 'pino';
import { type Static, Type } from 'typebox';
import { refuseWhenThrottled } from '../accounts/refuse-when-throttled.ts';
import { THROTTLE_LIMITS, type Throttle } from '../accounts/throttle.ts';
import type { Users } from '../accounts/users.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { apiKeyOf } from '../api-keys/require-api-key.ts';
import type { App } from '../app-type.ts';
import { isLoopback } from '../config/read-values.ts';
import { problemResponse } from '../ops/openapi.ts';
import { ProblemError } from '../ops/problem-error.ts';
import { currentUser, requireUser } from '../sessions/current-user.ts';
import { Contents, MAX_ORIGINS, toContents } from './contents.ts';
import { answered, limitReached, outOfScope, wrongField } from './ticket-problems.ts';

export interface CreateRouteParts {
  readonly tickets: Tickets;
  readonly apiKeys: ApiKeys;
  readonly http: HttpSessions;
  readonly users: Users;
  readonly throttle: Throttle;
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
  const { tickets, apiKeys, http, users, throttle, storage, open, logger } = parts;
  const ownOrigins = parts.ownerOrigins.slice(0, MAX_ORIGINS);
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
          429: problemResponse(
            'As many as allowed wait to be used, and none gives way; or the account made too many. See Retry-After.',
          ),
          503: problemResponse('A store does not answer; ask again after Retry-After.'),
        },
      },
    },
    async (request, reply) => {
      const asked = toContents(request.body);
      if (!open) refuseInsecure(request.body);
      const contents = await permitted(request, asked);
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
      const { status } = await currentUser(request, users, http.sessions);
      return status === 'signed-in' ? boundToOwn(contents) : contents;
    }
    const { user } = await requireUser(request, users, http.sessions);
    refuseForeign(contents.origins, parts.ownerOrigins, 'PUBLIC_URL and ALLOWED_ORIGINS do not name');
    const verdict = await throttle.countTicket(user.id);
    refuseWhenThrottled(verdict, 'create-session', THROTTLE_LIMITS.ticket, 'API keys are not affected.');
    return boundToOwn(contents);
  }

  /** What is bound to nothing could be used by anybody. */
  function boundToOwn<C extends { readonly origins: readonly string[] }>(contents: C): C {
    return contents.origins.length === 0 ? { ...contents, origins: ownOrigins } : contents;
  }

  async function create(contents: TicketContents) {
    try {
      return await tickets.create(contents);
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      // The body was looked through: what cannot be kept is what stands in for it, the origins of the key or the account.
      if (error.code === 'invalid-data') throw wrongField('/origins', `Name the origins: ${error.message}.`);
      if (error.code !== 'data-too-large') throw error;
      const detail = 'Send at most 8,192 characters of JSON in user and data together.';
      throw new ProblemError('body-too-large', { detail });
    }
  }
}

/** A frame of a page without TLS is no secure context, has no digest, and could never know a session for its own. */
function refuseInsecure({ origin, origins = [] }: Static<typeof Contents>): void {
  for (const [index, each] of (origin === undefined ? origins : [origin]).entries()) {
    const { protocol, hostname } = new URL(each);
    if (protocol === 'https:' || isLoopback(hostname)) continue;
    const detail = 'Use https: what a page without TLS embeds is no secure context, and could never be ready.';
    throw wrongField(origin === undefined ? `/origins/${index}` : '/origin', detail);
  }
}

function refuseForeign(wanted: readonly string[], allowed: readonly string[], why: string): void {
  const foreign = wanted.filter((origin) => !allowed.includes(origin));
  if (foreign.length > 0) throw outOfScope(`${why} ${foreign.join(', ')}.`);
}
