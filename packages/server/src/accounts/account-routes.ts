/** Sign-up and sign-in. Both answer alike, and take alike, whether an account exists or the password is merely wrong. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { App } from '../app-type.ts';
import { problemResponse } from '../ops/openapi.ts';
import { ProblemError, unreachable } from '../ops/problem-error.ts';
import { deviceOf } from '../sessions/request-sessions.ts';
import { toWireSession, toWireUser, UserAndSession } from '../sessions/wire.ts';
import { toWireTime } from '../sessions/wire-time.ts';
import { EMAIL_MAX, EMAIL_PATTERN, emailKey } from './email.ts';
import { type HashQueue, QueueFullError } from './hash-queue.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';
import { PASSWORD_MAX, PASSWORD_MIN, passwordProblem } from './password-rules.ts';
import { refuseWhenThrottled } from './refuse-when-throttled.ts';
import { THROTTLE_LIMITS, type Throttle } from './throttle.ts';
import type { User } from './user.ts';
import type { Users } from './users.ts';

export interface AccountRouteParts {
  readonly users: Users;
  readonly throttle: Throttle;
  readonly hashes: HashQueue;
  /** A hash that no password makes, of the usual cost: what an unknown address is checked against. */
  readonly dummyHash: string;
}

const Email = Type.String({
  minLength: 3,
  maxLength: EMAIL_MAX,
  pattern: EMAIL_PATTERN,
  description: 'An e-mail address.',
});

const SignUp = Type.Object(
  {
    email: Email,
    password: Type.String({ minLength: PASSWORD_MIN, maxLength: PASSWORD_MAX, description: 'Any characters.' }),
    name: Type.Optional(
      Type.String({ maxLength: 200, pattern: '^[^\\p{Cc}]*$', description: 'How to address the person.' }),
    ),
  },
  { additionalProperties: false },
);

const SignIn = Type.Object(
  { email: Email, password: Type.String({ minLength: 1, maxLength: PASSWORD_MAX }) },
  { additionalProperties: false },
);

const COMMON_PROBLEMS = {
  400: problemResponse('The body is not JSON.'),
  403: problemResponse('The page that sent this may not.'),
  413: problemResponse('The body is too large.'),
  415: problemResponse('The body is not sent as application/json.'),
  422: problemResponse('Fields are wrong; `errors` names each.'),
  429: problemResponse('Too many attempts; ask again after Retry-After.'),
  503: problemResponse('A store or the queue of passwords does not answer; ask again after Retry-After.'),
};

/** Needs `useSessions` on the same scope. */
export function accountRoutes(scope: App, { users, throttle, hashes, dummyHash }: AccountRouteParts): void {
  scope.post(
    '/auth/sign-up',
    {
      schema: {
        operationId: 'signUp',
        tags: ['accounts'],
        summary: 'Makes an account and signs it in',
        body: SignUp,
        response: {
          201: { ...UserAndSession, description: 'Made and signed in.' },
          409: problemResponse('There is an account with this address.'),
          ...COMMON_PROBLEMS,
        },
      },
    },
    async (request, reply) => {
      const { email, password, name } = request.body;
      const problem = passwordProblem(password, email);
      if (problem !== null) {
        const detail = `password ${problem}.`;
        throw new ProblemError('validation-failed', { detail, errors: [{ pointer: '/password', detail }] });
      }
      refuseWhenThrottled(await throttle.countSignUp(request.ip), 'sign-up', THROTTLE_LIMITS.signUp);
      const passwordHash = await queued(() => hashPassword(password));
      const user = await users.create({ email, name: name?.trim() || null, passwordHash });
      if (user === null) throw new ProblemError('already-registered', { detail: 'Sign in instead.' });
      return startSession(request, reply, user, 201);
    },
  );

  scope.post(
    '/auth/sign-in',
    {
      schema: {
        operationId: 'signIn',
        tags: ['accounts'],
        summary: 'Signs in with address and password',
        body: SignIn,
        response: {
          200: { ...UserAndSession, description: 'Signed in.' },
          401: problemResponse('The address or the password is wrong; which of them is not told.'),
          ...COMMON_PROBLEMS,
        },
      },
    },
    async (request, reply) => {
      const { email, password } = request.body;
      const attempt = { account: emailKey(email), ip: request.ip };
      refuseWhenThrottled(await throttle.check(attempt), 'sign-in', THROTTLE_LIMITS.accountAndIp);
      const user = await users.findByEmail(email);
      const right = await queued(() => verifyPassword(password, user?.passwordHash ?? dummyHash));
      if (user === null || !right) {
        refuseWhenThrottled(await throttle.recordFailure(attempt), 'sign-in', THROTTLE_LIMITS.accountAndIp);
        throw new ProblemError('wrong-credentials', { detail: 'Check both and try again.' });
      }
      // Others guessed at the same time: beyond the limit not even the right password is told apart.
      refuseWhenThrottled(await throttle.check(attempt), 'sign-in', THROTTLE_LIMITS.accountAndIp);
      await throttle.recordSuccess(attempt);
      return startSession(request, reply, user, 200);
    },
  );

  async function queued<T>(job: () => Promise<T>): Promise<T> {
    try {
      return await hashes.run(job);
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      const detail = 'Many people are signing in right now; try again in a moment.';
      throw new ProblemError('overloaded', { detail }, { 'retry-after': String(error.retryAfterSeconds) });
    }
  }
}

async function startSession(request: FastifyRequest, reply: FastifyReply, user: User, status: 200 | 201) {
  const outcome = await request.exchange.start({ userId: user.id, amr: ['pwd'], device: deviceOf(request) });
  if (outcome.status === 'unreachable') throw unreachable(outcome.retryAfterSeconds);
  if (outcome.status === 'limit-reached') {
    throw new ProblemError('too-many-requests', {
      detail: 'This account has too many sessions; end one first.',
      reason: 'limit-reached',
    });
  }
  reply.code(status);
  return { user: toWireUser(user), session: toWireSession(outcome.session), now: toWireTime(Date.now()) };
}
