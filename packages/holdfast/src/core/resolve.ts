/** Whose request is this? The path of every request: one MAC, one read, and hardly ever a write. */
import type { Reason } from '../protocol/reasons.ts';
import { type EngineContext, toUnreachable } from './context.ts';
import { StoreUnreachableError } from './errors.ts';
import { createGrant, type RefreshPart } from './grant.ts';
import { isPromise } from './guard.ts';
import type { HammeringWatch } from './hammering.ts';
import { resolveLastKnown } from './last-known.ts';
import { type Located, locate } from './locate.ts';
import type { PresentedTokens, Resolution, TokenGrant, UserSession } from './outcomes.ts';
import { moreTelling } from './reason-order.ts';
import { expiredBecause, expiryOf, type SessionRecord } from './record.ts';
import { type Acceptance, judgeRefresh } from './rotation.ts';
import type { Awaitable, ReadResult } from './store.ts';
import { checkToken, MAX_GENERATION, type TokenClaims, type TokenKind } from './token.ts';
import { isTouchDue, type Touches } from './touch.ts';

/** Sessions of one request that are looked up; more tokens of ours come only from somebody who collected them. */
const MAX_SESSIONS = 8;
/** Rounds of compare-and-set against other requests of the same session before answering without a successor. */
const MAX_ROUNDS = 8;

/** A session that one of the presented tokens opens. */
interface Opened {
  readonly record: SessionRecord;
  readonly grant: TokenGrant | null;
}

/** The sessions that all tokens of one kind opened. */
interface AllOpened {
  readonly opened: readonly Opened[];
  /** The most telling reason of those that opened nothing. */
  readonly reason: Reason;
  /** False when there were more sessions than anybody honest presents. */
  readonly complete: boolean;
}

/** What is left of the presented tokens after their tags were checked. */
interface Verified {
  readonly bySession: ReadonlyMap<string, readonly TokenClaims[]>;
  readonly reason: Reason;
}

/** The parts that resolving shares with the rest of the engine. */
export interface ResolveParts {
  readonly context: EngineContext;
  readonly touches: Touches;
  readonly hammering: HammeringWatch;
  /** Ends a session for theft; answers the reason that it ended with. */
  readonly endReused: (id: string) => Promise<Reason>;
}

/** At once where the store answers at once and there is nothing to follow, write or issue, which is nearly always. */
export function resolveTokens(parts: ResolveParts, tokens: PresentedTokens, passive: boolean): Awaitable<Resolution> {
  try {
    const first = readFirst(parts, tokens.access);
    if (first === null || isPromise(first.answer)) return resolveSlowly(parts, tokens, passive, first);
    return (
      atOnce(parts, first.answer, passive) ??
      resolveSlowly(parts, tokens, passive, { id: first.id, answer: first.answer })
    );
  } catch (error) {
    return failed(parts, tokens, error);
  }
}

async function resolveSlowly(
  parts: ResolveParts,
  tokens: PresentedTokens,
  passive: boolean,
  first: { readonly id: string; readonly answer: Awaitable<ReadResult> } | null,
): Promise<Resolution> {
  try {
    if (first === null) return await resolve(parts, tokens, passive, null);
    const read = isPromise(first.answer) ? await first.answer : first.answer;
    return atOnce(parts, read, passive) ?? (await resolve(parts, tokens, passive, { id: first.id, read }));
  } catch (error) {
    return failed(parts, tokens, error);
  }
}

function failed({ context }: ResolveParts, tokens: PresentedTokens, error: unknown): Resolution {
  const outcome = toUnreachable(error);
  return resolveLastKnown(context, tokens) ?? outcome;
}

/** What was read for the one good access token that a request came with. */
interface FirstRead {
  readonly id: string;
  readonly read: ReadResult;
}

/** Nearly every request comes with one good access token: its record is asked for before anything else is set up. */
function readFirst(
  { context }: ResolveParts,
  access: readonly string[],
): { readonly id: string; readonly answer: Awaitable<ReadResult> } | null {
  const [text] = access;
  if (text === undefined || access.length > 1) return null;
  const claims = checkAccess(context, text);
  if (claims === null || claims.time * 1000 <= context.clock()) return null;
  const id = claims.sessionId;
  return { id, answer: context.reading.direct('read', () => context.store.read(id)) };
}

function checkAccess({ ring, verified }: EngineContext, text: string): TokenClaims | null {
  const known = verified.get(text);
  if (known !== undefined) return known;
  const claims = checkToken(ring, 'access', text);
  if (typeof claims === 'string') return null;
  verified.keep(text, claims);
  return claims;
}

/** The answer where nothing is to be followed, written or issued; null where there is more to do. */
function atOnce({ context }: ResolveParts, read: ReadResult, passive: boolean): Resolution | null {
  if (read.status !== 'live') return null;
  const { record } = read;
  const now = context.clock();
  if (!isUserSession(record) || record.movedTo !== null || expiredBecause(record, now) !== null) return null;
  if (!passive && isTouchDue(record, now)) return null;
  return { status: 'signed-in', session: record, grant: null };
}

async function resolve(
  parts: ResolveParts,
  tokens: PresentedTokens,
  passive: boolean,
  first: FirstRead | null,
): Promise<Resolution> {
  const access = verify(parts, 'access', tokens.access);
  const byAccess = await open(access, (id) => openByAccess(parts, id, first?.id === id ? first.read : undefined));
  if (!byAccess.complete) return refuseAll(parts, byAccess.opened);
  if (byAccess.opened.length > 0) return conclude(parts, byAccess.opened, passive);
  const refreshing = verify(parts, 'refresh', tokens.refresh);
  const byRefresh = await open(refreshing, (id, claims) => refresh(parts, id, claims, passive));
  if (!byRefresh.complete) return refuseAll(parts, byRefresh.opened);
  if (byRefresh.opened.length > 0) return conclude(parts, byRefresh.opened, passive);
  return notSignedIn(moreTelling(byAccess.reason, byRefresh.reason));
}

/**
 * The tokens of ours among all that came, by session. All duplicates of a cookie are tried, because a MAC is cheap and a
 * sibling host's junk comes first; an expired access token counts as none.
 */
function verify({ context }: ResolveParts, kind: TokenKind, texts: readonly string[]): Verified {
  const bySession = new Map<string, TokenClaims[]>();
  let reason: Reason = 'no-token';
  for (const text of texts.length < 2 ? texts : new Set(texts)) {
    const claims = checkToken(context.ring, kind, text);
    if (typeof claims === 'string') {
      reason = moreTelling(reason, claims);
      continue;
    }
    if (kind === 'access' && claims.time * 1000 <= context.clock()) continue;
    const same = bySession.get(claims.sessionId);
    if (same) same.push(claims);
    else bySession.set(claims.sessionId, [claims]);
  }
  return { bySession, reason };
}

async function open(
  { bySession, reason: first }: Verified,
  openOne: (id: string, claims: readonly TokenClaims[]) => Promise<Opened | Reason>,
): Promise<AllOpened> {
  const opened: Opened[] = [];
  let reason = first;
  let tried = 0;
  for (const [id, claims] of bySession) {
    tried++;
    if (tried > MAX_SESSIONS) return { opened, reason, complete: false };
    const answer = await openOne(id, claims);
    if (typeof answer === 'string') reason = moreTelling(reason, answer);
    else opened.push(answer);
  }
  return { opened, reason, complete: true };
}

/** While an access token is good, the refresh token is not looked at. */
async function openByAccess(
  { context }: ResolveParts,
  id: string,
  known: ReadResult | undefined,
): Promise<Opened | Reason> {
  const found = await locate(context, id, context.clock(), known);
  return typeof found === 'string' ? found : { record: found.record, grant: grantThroughPointer(context, found) };
}

/**
 * Applies the rule of rotation to the tokens of one session. A jar with cookies of two scopes may send a superseded token
 * beside the current one; the best token counts, and only when none is good has the session been copied.
 */
async function refresh(
  parts: ResolveParts,
  id: string,
  presented: readonly TokenClaims[],
  passive: boolean,
): Promise<Opened | Reason> {
  const { context } = parts;
  let last: SessionRecord | null = null;
  for (let round = 0; round < MAX_ROUNDS || last === null; round++) {
    const now = context.clock();
    const found = await locate(context, id, now);
    if (typeof found === 'string') return found;
    const held = found.pointer ?? found.record;
    const best = bestToken(held, presented, Math.floor(now / 1000));
    if (best === null) return parts.endReused(id);
    if (found.pointer) return { record: found.record, grant: grantThroughPointer(context, found) };
    const answer = await accept(parts, found.record, best.claims, best.acceptance, now, passive);
    if (answer !== 'again') {
      if (best.acceptance.regressed) tellRegressed(context, found.record, best.claims, now);
      return answer;
    }
    last = found.record;
  }
  // Busy writers must not make a good token fail: as with a full disk, the chain moves on another time.
  return { record: last, grant: createGrant(context, last, 'keep') };
}

/** Stores what accepting the token changes, then grants the tokens of the answer. `again`: somebody was faster. */
async function accept(
  { context, hammering }: ResolveParts,
  record: SessionRecord,
  claims: TokenClaims,
  acceptance: Acceptance,
  now: number,
  passive: boolean,
): Promise<Opened | 'again'> {
  const rotate = acceptance.rotate && claims.generation < MAX_GENERATION;
  const fields = {
    ...(acceptance.confirm ? { generation: claims.generation, confirmedIssuedAt: claims.time } : {}),
    ...(rotate ? keyFields(context, record, claims, acceptance.confirm) : {}),
  };
  let current = record;
  let part: RefreshPart = rotate ? { successorOf: claims.generation } : 'keep';
  if (Object.keys(fields).length > 0) {
    const seen = passive
      ? {}
      : { lastSeenAt: now, expiresAt: expiryOf(now, record.idleSeconds, record.absoluteExpiresAt) };
    try {
      const change = { ifVersion: record.version, fields: { ...fields, ...seen } };
      const result = await context.writing('update', () => context.store.update(record.id, change));
      if (result.status !== 'updated') return 'again';
      current = result.record;
    } catch (error) {
      if (!(error instanceof StoreUnreachableError)) throw error;
      // The store can be read but not written (a full disk): the person stays signed in on a new access token alone, as
      // with a young token, and the chain moves on when the store does.
      part = 'keep';
    }
    if (acceptance.confirm && part !== 'keep') {
      context.emit({ type: 'session-refreshed', sessionId: record.id, generation: claims.generation, at: now });
    }
  }
  if (part !== 'keep') hammering.issued(record.id, claims.generation, now);
  return { record: current, grant: createGrant(context, current, part) };
}

function tellRegressed(context: EngineContext, record: SessionRecord, claims: TokenClaims, at: number): void {
  context.emit({
    type: 'store-regressed',
    sessionId: record.id,
    storedGeneration: record.generation,
    presentedGeneration: claims.generation,
    at,
  });
}

/** Which keys the session depends on once a successor goes out under the signing key; empty when nothing changes. */
function keyFields(
  { ring }: EngineContext,
  record: SessionRecord,
  claims: TokenClaims,
  confirm: boolean,
): { keyId?: string; previousKeyId?: string | null } {
  const keyId = ring.signing.id;
  // A confirmation is written anyway, and leaves no older token to depend on but the presented one.
  const previousKeyId = confirm || record.keyId !== keyId ? claims.keyId : record.previousKeyId;
  const previous = previousKeyId === keyId ? null : previousKeyId;
  if (record.keyId === keyId && record.previousKeyId === previous) return {};
  return { keyId, previousKeyId: previous };
}

function bestToken(
  held: SessionRecord,
  presented: readonly TokenClaims[],
  second: number,
): { claims: TokenClaims; acceptance: Acceptance } | null {
  let best: { claims: TokenClaims; acceptance: Acceptance } | null = null;
  for (const claims of presented) {
    const acceptance = judgeRefresh(held, claims.generation, claims.time, second);
    if (acceptance === 'reused') continue;
    const { generation, time } = claims;
    const newer = best === null || generation > best.claims.generation;
    if (newer || (generation === best?.claims.generation && time > best.claims.time)) best = { claims, acceptance };
  }
  return best;
}

/**
 * A request under the old id gets the tokens of the new one for as long as nobody has used these: the answer that carried
 * them may have been lost.
 */
function grantThroughPointer(context: EngineContext, found: Located): TokenGrant | null {
  if (found.pointer === null || found.record.generation > 0) return null;
  return createGrant(context, found.record, 'current');
}

/** Nobody can tell whose request it is, so it is nobody's (a sibling host can toss cookies of its own at us). */
function refuseAll({ context }: ResolveParts, opened: readonly Opened[]): Resolution {
  context.emit({ type: 'conflicting-users', sessionIds: opened.map(({ record }) => record.id), at: context.clock() });
  return { ...notSignedIn('malformed'), conflictingUsers: true };
}

async function conclude(parts: ResolveParts, opened: readonly Opened[], passive: boolean): Promise<Resolution> {
  const users = new Set<string>();
  for (const { record } of opened) if (record.userId !== null) users.add(record.userId);
  if (users.size > 1) return refuseAll(parts, opened);
  const chosen = opened.find(({ record }) => record.userId !== null) ?? (opened[0] as Opened);
  const session = passive ? chosen.record : await parts.touches.touch(chosen.record);
  if (isUserSession(session)) return { status: 'signed-in', session, grant: chosen.grant };
  return { ...notSignedIn('no-token'), anonymous: session, grant: chosen.grant };
}

function isUserSession(session: SessionRecord): session is SessionRecord & UserSession {
  return session.userId !== null;
}

function notSignedIn(reason: Reason): Extract<Resolution, { status: 'not-signed-in' }> {
  return { status: 'not-signed-in', reason, anonymous: null, grant: null, conflictingUsers: false };
}
