/** Starts sessions: for a user, anonymous, and under a new id for the same user. */
import { type EngineContext, toUnreachable } from './context.ts';
import { HoldfastError, StoreUnreachableError } from './errors.ts';
import { createGrant } from './grant.ts';
import { locate } from './locate.ts';
import type {
  RotateOutcome,
  StartAnonymousOptions,
  StartAnonymousOutcome,
  StartOptions,
  StartOutcome,
  UserSession,
} from './outcomes.ts';
import { lifetimeProblems } from './policy.ts';
import { type Device, expiryOf, type SessionData, type SessionRecord } from './record.ts';
import { replaceSession } from './replacing.ts';
import { GRACE_SECONDS } from './rotation.ts';
import { assertStorable, mergeData, sizeOf } from './session-data.ts';
import { newSessionId } from './session-id.ts';
import type { FieldChanges, SessionLimit } from './store.ts';

const ID_BYTES = 16;
const MAX_USER_AGENT = 256;
const MAX_USER_ID_BYTES = 256;
/** A random id that exists already is the mark of a broken random source, not of bad luck. */
const MAX_ID_TRIES = 3;
/** Rounds of compare-and-set against other requests of the same session before giving up as unreachable. */
const MAX_ROUNDS = 8;

/** Sign-in: always a new id. The session that the request came with ends, and only an anonymous one leaves its data. */
export async function startSession(context: EngineContext, options: StartOptions): Promise<StartOutcome> {
  const { userId, replaces } = options;
  // Half a surrogate pair is no text: stores would keep U+FFFD in its place, and two such users would share sessions.
  if (userId === '' || !userId.isWellFormed() || new TextEncoder().encode(userId).length > MAX_USER_ID_BYTES) {
    throw new HoldfastError('invalid-option', `userId must be 1 to ${MAX_USER_ID_BYTES} bytes of well-formed text`);
  }
  const carried = replaces?.userId === null ? replaces.data : {};
  const data = mergeData(carried, options.data, undefined);
  const now = context.clock();
  try {
    const { maxPerUser, onLimit } = context.policy;
    // A new sign-in over one's own session takes that one's place, so nobody else has to give way to it.
    const max = replaces?.userId === userId ? maxPerUser + 1 : maxPerUser;
    const record = {
      ...newRecord(context, { ...options, data }, now),
      userId,
      authenticatedAt: now,
      amr: options.amr ?? ['pwd'],
    };
    const created = await create(context, record, { max, onLimit });
    if (created === 'limit-reached') return { status: 'limit-reached' };
    const session = replaces ? await replaceSession(context, created, replaces, options.data ?? {}) : created;
    if (session === 'limit-reached') return { status: 'limit-reached' };
    tellStarted(context, session);
    return {
      status: 'started',
      session: session as SessionRecord & UserSession,
      grant: createGrant(context, session, 'current'),
    };
  } catch (error) {
    return toUnreachable(error);
  }
}

export async function startAnonymousSession(
  context: EngineContext,
  options: StartAnonymousOptions,
): Promise<StartAnonymousOutcome> {
  try {
    const record = await create(context, newRecord(context, options, context.clock()));
    if (record === 'limit-reached') throw new Error('an anonymous session has no limit');
    tellStarted(context, record);
    return { status: 'started', session: record, grant: createGrant(context, record, 'current') };
  } catch (error) {
    return toUnreachable(error);
  }
}

/**
 * A new id for the same session, in one step of the store: a sign-out that comes meanwhile ends it under one id or the
 * other, and requests under way with the old id find the new one through the pointer that stays for a moment.
 */
export async function rotateSessionId(
  context: EngineContext,
  id: string,
  change: (current: SessionRecord, now: number) => FieldChanges = () => ({}),
): Promise<RotateOutcome> {
  try {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const now = context.clock();
      // Also from an id that another request rotated a moment ago: the session is alive.
      const located = await locate(context, id, now);
      if (typeof located === 'string') return { status: 'gone', reason: located };
      const old = located.record;
      const next: SessionRecord = {
        ...old,
        ...change(old, now),
        ...freshTokens(context, now),
        id: newSessionId(context.crypto.randomBytes(ID_BYTES), old.userId, old.id),
        // Versions go on, so that a compare-and-set prepared under the old id cannot match another state by chance.
        version: old.version + 1,
        lastSeenAt: now,
        expiresAt: expiryOf(now, old.idleSeconds, old.absoluteExpiresAt),
      };
      const pointerExpiresAt = Math.min(now + GRACE_SECONDS * 1000, old.absoluteExpiresAt);
      const move = { ifVersion: old.version, next, pointerExpiresAt };
      const moved = await context.writing('move', () => context.store.move(old.id, move));
      if (moved.status === 'moved') {
        context.emit({ type: 'session-id-rotated', sessionId: next.id, previousId: old.id, at: now });
        return { status: 'rotated', session: next, grant: createGrant(context, next, 'current') };
      }
      if (moved.status === 'ended') return { status: 'gone', reason: moved.tombstone.reason };
      if (moved.status !== 'conflict' && moved.status !== 'exists') return { status: 'gone', reason: 'not-found' };
    }
    throw new StoreUnreachableError(`other requests kept changing the session for ${MAX_ROUNDS} rounds`);
  } catch (error) {
    return toUnreachable(error);
  }
}

async function create(
  context: EngineContext,
  draft: Omit<SessionRecord, 'id'>,
  limit?: SessionLimit,
): Promise<SessionRecord | 'limit-reached'> {
  for (let tries = 0; tries < MAX_ID_TRIES; tries++) {
    const record = { ...draft, id: newSessionId(context.crypto.randomBytes(ID_BYTES), draft.userId) };
    const result = await context.writing('create', () => context.store.create(record, limit));
    if (result.status === 'limit-reached') return 'limit-reached';
    if (result.status === 'exists') continue;
    for (const { id, userId } of result.evicted) {
      context.emit({ type: 'session-ended', sessionId: id, userId, reason: 'limit-reached', at: context.clock() });
    }
    return record;
  }
  throw new Error('the random source repeats itself: new session ids exist already');
}

function tellStarted(context: EngineContext, { id, userId, createdAt }: SessionRecord): void {
  context.emit({ type: 'session-started', sessionId: id, userId, at: createdAt });
}

interface NewRecordOptions {
  readonly device?: Device;
  readonly idleSeconds?: number;
  readonly absoluteSeconds?: number;
  readonly data?: SessionData;
}

function newRecord(context: EngineContext, options: NewRecordOptions, now: number): Omit<SessionRecord, 'id'> {
  const { policy } = context;
  const absoluteSeconds = options.absoluteSeconds ?? policy.absoluteSeconds;
  const idleSeconds = options.idleSeconds ?? Math.min(policy.idleSeconds, absoluteSeconds);
  const problems = lifetimeProblems({ idleSeconds, absoluteSeconds });
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
  const data = options.data ?? {};
  assertStorable(data);
  if (sizeOf(data) > policy.maxDataBytes) {
    throw new HoldfastError('data-too-large', `session data is limited to ${policy.maxDataBytes} bytes of JSON`);
  }
  const absoluteExpiresAt = now + absoluteSeconds * 1000;
  return {
    version: 1,
    userId: null,
    createdAt: now,
    authenticatedAt: null,
    amr: [],
    idleSeconds,
    absoluteExpiresAt,
    lastSeenAt: now,
    expiresAt: expiryOf(now, idleSeconds, absoluteExpiresAt),
    device: shorten(options.device ?? {}),
    data,
    ...freshTokens(context, now),
  };
}

function freshTokens(
  { ring }: EngineContext,
  now: number,
): Pick<SessionRecord, 'generation' | 'confirmedIssuedAt' | 'keyId' | 'previousKeyId' | 'movedTo'> {
  return {
    generation: 0,
    confirmedIssuedAt: Math.floor(now / 1000),
    keyId: ring.signing.id,
    previousKeyId: null,
    movedTo: null,
  };
}

function shorten(device: Device): Device {
  return device.userAgent === undefined ? device : { ...device, userAgent: device.userAgent.slice(0, MAX_USER_AGENT) };
}
