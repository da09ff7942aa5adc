/** What an embedded page asks about the session that it got for its one-time session, and how it ends it. */
import { REASON_HEADER, type Reason } from 'holdfast/protocol';
import { Type } from 'typebox';
import type { App } from '../app-type.ts';
import { problemResponse } from '../ops/openapi.ts';
import { READ_ONLY } from '../sessions/current-user.ts';
import { SignedOutAnswer, TextOrNull, toWireSession, WireSession } from '../sessions/wire.ts';
import { toWireTime } from '../sessions/wire-time.ts';
import { frameFactsOf } from './frame-session.ts';
import { answered } from './ticket-problems.ts';

const FrameAnswer = Type.Object(
  {
    valid: Type.Literal(true),
    session: WireSession,
    user: { ...TextOrNull, description: 'As the maker of the one-time session gave it.' },
    data: Type.Unknown({ description: 'The same; null where nothing was given.' }),
    origin: { ...TextOrNull, description: 'Whose page embeds this one.' },
    ticket: { ...TextOrNull, description: 'SHA-256, in hexadecimal, of the id of the one-time session it came of.' },
    now: Type.String({ format: 'date-time' }),
  },
  { description: 'The page has a session. `now` is the server’s clock.' },
);
/** Kept as two objects for good: Fastify finds their serialisers by identity. */
const VALID = { ...FrameAnswer };
const INVALID = { ...SignedOutAnswer };
const FOREIGN_PAGE = problemResponse('The page that sent this is not one of the service’s own.');
const UNREACHABLE = problemResponse('Nobody knows: ask again after Retry-After. Cookies are left alone.');

/** Needs `useSessions` with the sessions of embedded pages on the same scope. */
export function frameRoutes(scope: App): void {
  scope.post(
    '/auth/frame-session',
    {
      config: { quiet: true },
      schema: {
        operationId: 'frameSession',
        tags: ['one-time sessions'],
        summary: 'Does this embedded page have a session? Refreshes by itself when that is due',
        response: {
          200: Type.Union([FrameAnswer, SignedOutAnswer], { description: 'Yes, or no and why.' }),
          403: FOREIGN_PAGE,
          503: UNREACHABLE,
        },
      },
    },
    async (request, reply) => {
      const resolution = answered(await request.exchange.resolve(READ_ONLY));
      const facts = resolution.status === 'signed-in' ? frameFactsOf(resolution.session) : null;
      reply.header('content-type', 'application/json; charset=utf-8');
      if (resolution.status === 'not-signed-in' || facts === null) {
        const reason: Reason = resolution.status === 'not-signed-in' ? resolution.reason : 'not-found';
        reply.header(REASON_HEADER, reason).serializer(reply.compileSerializationSchema(INVALID));
        return { valid: false as const, reason };
      }
      reply.serializer(reply.compileSerializationSchema(VALID));
      const session = toWireSession(resolution.session);
      return { valid: true as const, session, ...facts, now: toWireTime(Date.now()) };
    },
  );

  scope.post(
    '/auth/frame-sign-out',
    {
      schema: {
        operationId: 'frameSignOut',
        tags: ['one-time sessions'],
        summary: 'Ends the session of an embedded page and clears its cookies; works without a session too',
        response: {
          200: Type.Object({ signed_out: Type.Literal(true) }, { description: 'The page has no session now.' }),
          403: FOREIGN_PAGE,
          503: UNREACHABLE,
        },
      },
    },
    async (request) => {
      answered(await request.exchange.signOut());
      return { signed_out: true as const };
    },
  );
}
