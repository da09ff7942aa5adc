/** `/auth/validate-session`: uses a one-time session, once; for our iframe page also starts the session it works with. */
import type { FastifyRequest } from 'fastify';
import type { HttpSessions } from 'holdfast/http';
import type { TicketFacts, Tickets } from 'holdfast/tickets';
import { type Static, Type } from 'typebox';
import type { ApiKey, ApiKeys } from '../api-keys/api-keys.ts';
import { apiKeyOf } from '../api-keys/require-api-key.ts';
import type { App } from '../app-type.ts';
import { problemResponse } from '../ops/openapi.ts';
import { ProblemError } from '../ops/problem-error.ts';
import { decideAsUnsafe, deviceOf, foreignPage } from '../sessions/request-sessions.ts';
import { toWireTime } from '../sessions/wire-time.ts';
import { isOrigin, Origin } from './contents.ts';
import { FRAME_LIFE, frameUserId, ticketMark } from './frame-session.ts';
import { answered, outOfScope, refused, wrongField } from './ticket-problems.ts';

export interface ValidateRouteParts {
  readonly tickets: Tickets;
  readonly apiKeys: ApiKeys;
  /** The sessions of embedded pages; its origins are the service's own. */
  readonly http: HttpSessions;
}

const Time = Type.String({ format: 'date-time' });
const KEY_MAX = 200;
const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: KEY_MAX,
  description: 'Your own secret random text: for 10 seconds it gets a lost answer again, as often as it asks.',
});

const Use = Type.Object(
  {
    session_id: Type.String(),
    origin: Type.Optional({ ...Origin, description: 'Whose page embeds it: needed where it is bound to origins.' }),
    idempotency_key: Type.Optional(IdempotencyKey),
    frame: Type.Optional(Type.Boolean({ description: 'For the iframe page: start the session that it works with.' })),
  },
  { additionalProperties: false },
);

const Used = Type.Object(
  {
    valid: Type.Literal(true),
    session_id: Type.String(),
    created_at: Time,
    expires_at: Time,
    used_at: Time,
    user: Type.Optional(Type.String({ description: 'As its maker gave it.' })),
    data: Type.Optional(Type.Unknown({ description: 'As its maker gave it.' })),
    origins: Type.Optional(Type.Array(Type.String(), { description: 'What it was bound to.' })),
  },
  { description: 'It was good, and is used now.' },
);

const RESPONSE = {
  200: Used,
  401: problemResponse('Used, expired, unknown or another site’s, which `code` tells; or the API key is bad.'),
  403: problemResponse(
    'The API key is for other origins, the page may not send this, or it was fetched ahead of need.',
  ),
  422: problemResponse('Fields are wrong; `errors` names each.'),
  503: problemResponse(
    'A store does not answer, and nothing was used that you could not ask for again; see Retry-After.',
  ),
};

/** What is to be used, and by whom. */
interface Wish {
  readonly id: string;
  readonly origin: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** Needs `useSessions` with the sessions of embedded pages on the same scope. */
export function validateRoutes(scope: App, { tickets, apiKeys, http }: ValidateRouteParts): void {
  scope.post(
    '/auth/validate-session',
    {
      config: { apiKeys: true },
      schema: {
        operationId: 'useOneTimeSession',
        tags: ['one-time sessions'],
        summary: 'Uses a one-time session, once; for an API key, or from the service’s own pages',
        security: [{ apiKey: [] }, {}],
        headers: Type.Object({ 'idempotency-key': Type.Optional(IdempotencyKey) }),
        body: Use,
        response: {
          ...RESPONSE,
          400: problemResponse('The body is not JSON.'),
          413: problemResponse('The body is too large.'),
          415: problemResponse('The body is not sent as application/json.'),
        },
      },
    },
    async (request, reply) => {
      refuseSpeculation(request);
      const { session_id: id, origin, frame = false } = request.body;
      const wish: Wish = { id, origin, idempotencyKey: request.body.idempotency_key ?? idempotencyKeyOf(request) };
      const key = await apiKeyOf(request, apiKeys);
      if (key !== null && frame) throw wrongField('/frame', 'frame is for the iframe page, not for back ends.');
      const ticket = await (key === null ? use(wish) : useByKey(key, wish));
      if (frame) await startFrameSession(request, wish, ticket);
      reply.header('cache-control', 'no-store');
      return toUsed(id, ticket);
    },
  );

  scope.get(
    '/auth/validate-session',
    {
      config: { apiKeys: true },
      // Looking is not using: HEAD is answered 405.
      exposeHeadRoute: false,
      schema: {
        operationId: 'useOneTimeSessionByGet',
        tags: ['one-time sessions'],
        summary: 'The same for older callers: without an API key only where it is bound to no origin',
        security: [{ apiKey: [] }, {}],
        headers: Type.Object({ 'idempotency-key': Type.Optional(IdempotencyKey) }),
        querystring: Type.Object({ session_id: Type.String() }),
        response: RESPONSE,
      },
    },
    async (request, reply) => {
      refuseSpeculation(request);
      const id = request.query.session_id;
      const wish: Wish = { id, origin: undefined, idempotencyKey: idempotencyKeyOf(request) };
      const key = await apiKeyOf(request, apiKeys);
      if (key === null) {
        const verdict = decideAsUnsafe(request, http);
        if (!verdict.allowed) throw foreignPage(verdict.detail);
      }
      const ticket = await (key === null ? use(wish) : useByKey(key, wish));
      reply.header('cache-control', 'no-store');
      return toUsed(id, ticket);
    },
  );

  async function use({ id, origin, idempotencyKey }: Wish): Promise<TicketFacts> {
    // The engine counts as JavaScript does, the schema counts characters.
    if (idempotencyKey !== undefined && idempotencyKey.length > KEY_MAX) {
      throw wrongField('/idempotency_key', `idempotency_key must have at most ${KEY_MAX} characters.`);
    }
    const outcome = answered(
      await tickets.consume(id, {
        ...(origin === undefined ? {} : { origin }),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
    );
    if (outcome.status === 'refused') throw refused(outcome.reason);
    return outcome.ticket;
  }

  /** Looks first: what a key is not for must not be used by it. The engine then judges again, in one step. */
  async function useByKey(key: ApiKey, wish: Wish): Promise<TicketFacts> {
    const { ticket } = answered(await tickets.look(wish.id));
    const foreign = ticket?.origins.some((origin) => !key.origins.includes(origin)) ?? false;
    if (foreign) throw outOfScope('The API key is not for the origins of this one-time session.');
    return use({ ...wish, origin: wish.origin ?? ticket?.origins[0] });
  }

  async function startFrameSession(request: FastifyRequest, { id, origin }: Wish, ticket: TicketFacts): Promise<void> {
    const { user, data, origins } = ticket;
    // A ticket that is bound to nothing leaves the page's word for it.
    const embedder = origin !== undefined && (origins.length > 0 || isOrigin(origin)) ? origin : null;
    const outcome = answered(
      await request.exchange.start({
        userId: frameUserId(embedder, user, id),
        amr: ['ticket'],
        device: deviceOf(request),
        ...FRAME_LIFE,
        data: { origin: embedder, user, data, ticket: ticketMark(id) },
      }),
    );
    if (outcome.status === 'limit-reached') throw new ProblemError('too-many-requests', { reason: 'limit-reached' });
  }
}

/** A browser that fetches ahead of need has nobody who wants it yet, and may throw the answer away. */
function refuseSpeculation({ headers }: FastifyRequest): void {
  const purposes = [headers['sec-purpose'], headers.purpose, headers['x-purpose'], headers['x-moz']];
  if (!purposes.some((purpose) => purpose !== undefined && /prefetch|prerender|preview/i.test(String(purpose)))) return;
  throw new ProblemError('not-asked-for', {
    detail: 'A one-time session is used by whoever wants it, not in advance.',
  });
}

function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const value = headers['idempotency-key'];
  return Array.isArray(value) ? value.join(', ') : value;
}

function toUsed(id: string, { createdAt, expiresAt, usedAt, user, data, origins }: TicketFacts): Static<typeof Used> {
  return {
    valid: true,
    session_id: id,
    created_at: toWireTime(createdAt),
    expires_at: toWireTime(expiresAt),
    used_at: toWireTime(usedAt ?? createdAt),
    ...(user === null ? {} : { user }),
    ...(data === null ? {} : { data }),
    ...(origins.length === 0 ? {} : { origins: [...origins] }),
  };
}
