/** Whose request is this, while the store does not answer? Only where the application allowed what was last known to count. */
import type { EngineContext } from './context.ts';
import type { PresentedTokens, SignedIn, UserSession } from './outcomes.ts';
import { expiredBecause, type SessionRecord } from './record.ts';
import { judgeRefresh } from './rotation.ts';
import { checkToken, type TokenKind } from './token.ts';

/**
 * The one user whose tokens came, by the session that the store's cache last knew; null leaves the answer "unreachable".
 * Nothing is issued or written, and nothing but "signed in" is ever concluded: what looks ended, expired or stolen may
 * only look so because nobody can be asked.
 */
export function resolveLastKnown(context: EngineContext, tokens: PresentedTokens): SignedIn | null {
  if (context.store.lastKnown === undefined) return null;
  const now = context.clock();
  let found: (SessionRecord & UserSession) | null = null;
  for (const kind of ['access', 'refresh'] as const) {
    for (const text of tokens[kind]) {
      const record = opened(context, kind, text, now);
      if (record === null) continue;
      if (found !== null && found.userId !== record.userId) return null;
      found = record;
    }
    if (found !== null) return { status: 'signed-in', session: found, grant: null, stale: true };
  }
  return null;
}

function opened(
  { ring, store }: EngineContext,
  kind: TokenKind,
  text: string,
  now: number,
): (SessionRecord & UserSession) | null {
  const claims = checkToken(ring, kind, text);
  if (typeof claims === 'string') return null;
  if (kind === 'access' && claims.time * 1000 <= now) return null;
  const record = store.lastKnown?.(claims.sessionId);
  if (record === undefined || record.movedTo !== null || expiredBecause(record, now) !== null) return null;
  const { generation, time } = claims;
  if (kind === 'refresh' && judgeRefresh(record, generation, time, Math.floor(now / 1000)) === 'reused') return null;
  return record.userId === null ? null : (record as SessionRecord & UserSession);
}
