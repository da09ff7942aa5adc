/** The session that an embedded page works with after its one-time session was used. */
import { createHash } from 'node:crypto';
import type { Json, Session } from 'holdfast';

/** How long it lives, in seconds: half an hour unused, half a day in all. */
export const FRAME_LIFE = { idleSeconds: 1800, absoluteSeconds: 43_200 } as const;

const PREFIX = 'frame:';

/** What such a session knows. */
export interface FrameFacts {
  /** The embedding page's origin; null where nothing vouches for one. */
  readonly origin: string | null;
  readonly user: string | null;
  readonly data: Json;
  /** The mark of the one-time session that it came of; see {@link ticketMark}. */
  readonly ticket: string | null;
}

/** SHA-256 of an id in hexadecimal: by it a page that holds an id knows whether a session came of that one. */
export function ticketMark(ticketId: string): string {
  return createHash('sha256').update(ticketId).digest('hex');
}

/**
 * Whose session it is, to the engine: the maker's user, apart for each embedding site, since two sites may mean two people
 * by one name. Without a user each is somebody else. Hashed, because it goes into logs, and a user may be an address.
 */
export function frameUserId(origin: string | null, user: string | null, ticketId: string): string {
  const who = user === null ? `ticket\n${ticketId}` : `user\n${origin ?? ''}\n${user}`;
  return `${PREFIX}${createHash('sha256').update(who).digest('base64url').slice(0, 22)}`;
}

/** Null for a session of any other kind, whose tokens open nothing here. No account's id has a colon in it. */
export function frameFactsOf({ userId, data }: Session): FrameFacts | null {
  if (userId?.startsWith(PREFIX) !== true) return null;
  const { origin, user, data: given = null, ticket } = data;
  return {
    origin: typeof origin === 'string' ? origin : null,
    user: typeof user === 'string' ? user : null,
    data: given,
    ticket: typeof ticket === 'string' ? ticket : null,
  };
}
