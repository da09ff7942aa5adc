/** What the engine tells whoever listens: the raw material of logs, metrics and alarms. Never holds a token or a secret. */
import type { EndReason } from '../protocol/reasons.ts';

/** One thing that happened. `sessionId` is the public id; `at` is milliseconds since 1970. */
export type SessionEvent =
  | {
      readonly type: 'session-started';
      readonly sessionId: string;
      readonly userId: string | null;
      readonly at: number;
    }
  /** Exactly once per ended session, by the process whose call ended it, or that swept it away after it had expired. */
  | {
      readonly type: 'session-ended';
      readonly sessionId: string;
      readonly userId: string | null;
      readonly reason: EndReason;
      readonly at: number;
    }
  /** A refresh token was used in earnest; `generation` is now the confirmed one. */
  | { readonly type: 'session-refreshed'; readonly sessionId: string; readonly generation: number; readonly at: number }
  | {
      readonly type: 'session-id-rotated';
      readonly sessionId: string;
      readonly previousId: string;
      readonly at: number;
    }
  /** A token of ours is newer than the store's record allows: the store lost acknowledged writes. */
  | {
      readonly type: 'store-regressed';
      readonly sessionId: string;
      readonly storedGeneration: number;
      readonly presentedGeneration: number;
      readonly at: number;
    }
  /** One generation handed out more than 20 successors: a broken client, or a thief who refreshes every few seconds. */
  | { readonly type: 'refresh-hammering'; readonly sessionId: string; readonly successors: number; readonly at: number }
  /** Valid tokens of different users arrived in one request; it was refused. */
  | { readonly type: 'conflicting-users'; readonly sessionIds: readonly string[]; readonly at: number }
  /** Something under a session's id could not be read; it was left alone and counts as absent. */
  | { readonly type: 'undecodable-record'; readonly sessionId: string; readonly detail: string; readonly at: number }
  /** The store failed; the request was answered as unreachable, or went on without this write. */
  | { readonly type: 'store-failed'; readonly operation: string; readonly detail: string; readonly at: number };

/** Receives events. It must not throw; what it throws is swallowed, because telling of a thing must not break it. */
export type EventSink = (event: SessionEvent) => void;
