/** The one question a front end asks, and what a person can do with their own sessions. */
import type { HttpSessions } from 'holdfast/http';
import { HINT_HEADER } from 'holdfast/protocol';
import { Type } from 'typebox';
import type { Users } from '../accounts/users.ts';
import type { App } from '../app-type.ts';
import { problemResponse } from '../ops/openapi.ts';
import { ProblemError, unreachable } from '../ops/problem-error.ts';
import { currentUser, READ_ONLY, requireUser } from './current-user.ts';
import { SignedInAnswer, SignedOutAnswer, toSignedIn, toWireDevice, WireDevice } from './wire.ts';

export interface SessionRouteParts {
  readonly http: HttpSessions;
  readonly users: Users;
  /** Told when a browser came with one of the two cookies that it was given together. */
  readonly tellLostCookies: () => void;
}

const NOT_SIGNED_IN = problemResponse('Not signed in; `reason` says why.');
const FOREIGN_PAGE = problemResponse('The page that sent this may not.');
const UNREACHABLE = problemResponse('Nobody knows: ask again after Retry-After. Cookies are left alone.');
const Ended = Type.Object({ ended: Type.Integer({ description: 'How many sessions this very call ended.' }) });
/** Kept as two objects for good: Fastify finds their serialisers by identity. */
const SIGNED_IN = { ...SignedInAnswer };
const SIGNED_OUT = { ...SignedOutAnswer };
const SESSION_ID = /^[A-Za-z0-9_-]{22}$/;

/** Needs `useSessions` on the same scope. */
export function sessionRoutes(scope: App, { http, users, tellLostCookies }: SessionRouteParts): void {
  const { sessions } = http;

  for (const method of ['POST', 'GET'] as const) {
    scope.route({
      method,
      url: '/unified-auth/validate',
      config: { quiet: true },
      schema: {
        operationId: method === 'POST' ? 'validate' : 'validateByGet',
        tags: ['sessions'],
        summary: 'Is this browser signed in? Refreshes by itself when that is due',
        response: {
          200: Type.Union([SignedInAnswer, SignedOutAnswer], { description: 'Yes, or no and why.' }),
          ...(method === 'POST' ? { 403: FOREIGN_PAGE } : {}),
          503: UNREACHABLE,
        },
      },
      async handler(request, reply) {
        const current = await currentUser(request, users, sessions, READ_ONLY);
        reply.header('content-type', 'application/json; charset=utf-8');
        if (request.exchange.lacksRefreshToken()) {
          reply.header(HINT_HEADER, 'refresh-cookie-missing');
          tellLostCookies();
        }
        // Chosen here, because a serialiser made from the union would first have to find out which of the two it has.
        if (current.status === 'signed-in') {
          reply.serializer(reply.compileSerializationSchema(SIGNED_IN));
          return toSignedIn(current.user, current.session);
        }
        reply.serializer(reply.compileSerializationSchema(SIGNED_OUT));
        return { valid: false as const, reason: current.reason };
      },
    });
  }

  scope.get(
    '/auth/me',
    {
      schema: {
        operationId: 'me',
        tags: ['sessions'],
        summary: 'Who is signed in, for APIs',
        response: { 200: SignedInAnswer, 401: NOT_SIGNED_IN, 503: UNREACHABLE },
      },
    },
    async (request) => {
      const { user, session } = await requireUser(request, users, sessions);
      return toSignedIn(user, session);
    },
  );

  scope.post(
    '/auth/sign-out',
    {
      schema: {
        operationId: 'signOut',
        tags: ['sessions'],
        summary: 'Ends the session on the server and clears the cookies; works without a session too',
        response: {
          200: Type.Object({ signed_out: Type.Literal(true) }, { description: 'Nobody is signed in here now.' }),
          403: FOREIGN_PAGE,
          503: UNREACHABLE,
        },
      },
    },
    async (request) => {
      const outcome = await request.exchange.signOut();
      if (outcome.status === 'unreachable') throw unreachable(outcome.retryAfterSeconds);
      return { signed_out: true as const };
    },
  );

  scope.get(
    '/auth/sessions',
    {
      schema: {
        operationId: 'listSessions',
        tags: ['sessions'],
        summary: 'One’s own devices, the most recently used first',
        response: {
          200: Type.Object({ sessions: Type.Array(WireDevice) }, { description: 'All live sessions of the account.' }),
          401: NOT_SIGNED_IN,
          503: UNREACHABLE,
        },
      },
    },
    async (request) => {
      const { user, session } = await requireUser(request, users, sessions);
      const outcome = await sessions.list(user.id);
      if (outcome.status === 'unreachable') throw unreachable(outcome.retryAfterSeconds);
      return { sessions: outcome.sessions.map((each) => toWireDevice(each, session.id)) };
    },
  );

  scope.delete(
    '/auth/sessions/:id',
    {
      schema: {
        operationId: 'endSession',
        tags: ['sessions'],
        summary: 'Ends one of one’s own sessions',
        params: Type.Object({ id: Type.String() }),
        response: {
          200: { ...Ended, description: 'It is over.' },
          401: NOT_SIGNED_IN,
          403: FOREIGN_PAGE,
          404: problemResponse('No session of this account has this id.'),
          503: UNREACHABLE,
        },
      },
    },
    async (request) => {
      const { user, session } = await requireUser(request, users, sessions);
      const { id } = request.params;
      // One's own session is signed out rather than revoked, so that this answer clears its cookies.
      const outcome = id === session.id ? await request.exchange.signOut() : await endOther(id, user.id);
      if (outcome.status === 'unreachable') throw unreachable(outcome.retryAfterSeconds);
      if (outcome.ended === 0) throw new ProblemError('not-found', { detail: 'You have no session with this id.' });
      return { ended: outcome.ended };
    },
  );

  scope.post(
    '/auth/sessions/revoke-others',
    {
      schema: {
        operationId: 'endOtherSessions',
        tags: ['sessions'],
        summary: 'Ends all of one’s sessions but this one',
        response: {
          200: { ...Ended, description: 'Only this session is left.' },
          401: NOT_SIGNED_IN,
          403: FOREIGN_PAGE,
          503: UNREACHABLE,
        },
      },
    },
    async (request) => {
      const { user, session } = await requireUser(request, users, sessions);
      const outcome = await sessions.endAll(user.id, 'revoked', { exceptId: session.id });
      if (outcome.status === 'unreachable') throw unreachable(outcome.retryAfterSeconds);
      return { ended: outcome.ended };
    },
  );

  async function endOther(id: string, userId: string) {
    if (!SESSION_ID.test(id)) return { status: 'ended', ended: 0 } as const;
    return sessions.end(id, 'revoked', { userId });
  }
}
