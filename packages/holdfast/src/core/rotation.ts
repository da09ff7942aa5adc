/**
 * The rule of rotation, alone and pure.
 *
 * A refresh token R(g, i) has a generation and an issue second. The record holds the confirmed generation c and the issue
 * second ic of the token that confirmed it. Handing out a successor writes nothing; its first mature use confirms it. So
 * an honest client always holds c or a successor of it, whatever was lost on the way, and two successors of one parent
 * that are both used show that the token was copied.
 */

/** How long two racing answers may differ, and how long older tokens may still be in flight. Twice the longest one-way delay. */
export const GRACE_SECONDS = 30;

/** What the record knows. */
export interface RotationState {
  /** c */
  readonly generation: number;
  /** ic, seconds since 1970 */
  readonly confirmedIssuedAt: number;
}

/** What to do with a refresh token whose tag is good. */
export interface Acceptance {
  /** Store (c, ic) := (g, i) by compare-and-set before answering. */
  readonly confirm: boolean;
  /** Hand out the successor of the presented token along with a new access token. */
  readonly rotate: boolean;
  /** The token is newer than anything the record allows: the store lost acknowledged writes. */
  readonly regressed: boolean;
}

/** Judges R(generation, issuedAt) at `now` (seconds). `reused`: somebody else has used a successor of the same parent. */
export function judgeRefresh(
  state: RotationState,
  generation: number,
  issuedAt: number,
  now: number,
): Acceptance | 'reused' {
  // Older tokens may still be in flight while this one is young: confirming it would turn those into reuse, and rotating
  // it would make the young token itself an older one in flight.
  const mature = now - issuedAt > GRACE_SECONDS;
  if (generation > state.generation) {
    return { confirm: mature, rotate: mature, regressed: generation > state.generation + 1 };
  }
  // The current token, or a twin of it that a racing tab was handed.
  if (generation === state.generation && Math.abs(issuedAt - state.confirmedIssuedAt) <= GRACE_SECONDS) {
    return { confirm: false, rotate: mature, regressed: false };
  }
  return 'reused';
}
