/** Issues tokens when the answer's headers leave, and issues none when the session has moved on since the request came. */
import type { EngineContext } from './context.ts';
import type { IssuedTokens, TokenGrant } from './outcomes.ts';
import { accessSeconds } from './policy.ts';
import { expiredBecause, type SessionRecord } from './record.ts';
import { issueToken } from './token.ts';

/**
 * How late the headers of an answer may leave and still carry a successor. The time counts as time under way, and a
 * message's time under way must stay below half of the grace period: a successor that is handed out later could arrive
 * after another one was confirmed, and would then look like a stolen copy.
 */
const SUCCESSOR_MS = 5000;
/** Up to here the judgement stands without another look at the record: an answer without a slow handler behind it. */
const FRESH_MS = 100;

/** Which refresh token goes out with the access token. */
export type RefreshPart =
  /** None: the client keeps what it has. */
  | 'keep'
  /** The token that the record names as current, R(c, ic): for a new session or a new id. */
  | 'current'
  /** The successor of a presented token of this generation. */
  | { readonly successorOf: number };

/** The right to answer with tokens for the record as it was judged just now. */
export function createGrant(context: EngineContext, judged: SessionRecord, part: RefreshPart): TokenGrant {
  const judgedAt = context.clock();
  return {
    async issue() {
      const now = context.clock();
      const age = now - judgedAt;
      if (age >= 0 && age <= FRESH_MS) return issue(context, judged, part, now);
      try {
        const read = await context.reading('read', () => context.store.read(judged.id));
        if (read.status !== 'live' || hasMovedOn(judged, read.record, now)) return null;
        const late = age < 0 || age > SUCCESSOR_MS;
        return issue(context, read.record, late && part !== 'current' ? 'keep' : part, now);
      } catch {
        // Nobody knows whether it moved on. A new session's only tokens go out all the same: without them the person
        // would be told "signed in" and be nobody.
        return part === 'current' ? issue(context, judged, part, now) : null;
      }
    },
  };
}

function hasMovedOn(judged: SessionRecord, current: SessionRecord, now: number): boolean {
  return (
    current.generation !== judged.generation ||
    current.confirmedIssuedAt !== judged.confirmedIssuedAt ||
    current.movedTo !== null ||
    expiredBecause(current, now) !== null
  );
}

function issue(context: EngineContext, record: SessionRecord, part: RefreshPart, now: number): IssuedTokens {
  const { ring } = context;
  const second = Math.floor(now / 1000);
  const remaining = Math.max(1, Math.floor((record.absoluteExpiresAt - now) / 1000));
  const life = Math.min(accessSeconds(context.random()), remaining);
  const access = {
    value: issueToken(ring, 'access', record.id, record.generation, second + life),
    maxAgeSeconds: life,
  };
  if (part === 'keep') return { access, refresh: null };
  const [generation, issuedAt] =
    part === 'current' ? [record.generation, record.confirmedIssuedAt] : [part.successorOf + 1, second];
  // The server enforces the idle time; a cookie that the browser drops by itself could only be dropped too early.
  const refresh = {
    value: issueToken(ring, 'refresh', record.id, generation, issuedAt),
    maxAgeSeconds: remaining,
  };
  return { access, refresh };
}
