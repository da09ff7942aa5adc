/** What `POST /unified-auth/validate` answers with status 200: the one question of a front end. */

/** A session as answers show it. Times are ISO 8601 in UTC. */
export interface WireSession {
  /** A public id, not a credential. */
  readonly id: string;
  readonly created_at: string;
  /** When it ends however busy it is. */
  readonly expires_at: string;
  /** When it ends if nobody uses it any more. */
  readonly idle_expires_at: string;
  /** When the person last proved who they are. */
  readonly authenticated_at: string;
  /** How the person proved who they are (RFC 8176). */
  readonly amr: readonly string[];
}

/** Somebody is signed in. */
export interface ValidAnswer<U = unknown> {
  readonly valid: true;
  readonly user: U;
  readonly session: WireSession;
  /** The server's clock, ISO 8601. */
  readonly now: string;
}

/** Nobody is, and why: one of the reason codes. */
export interface InvalidAnswer {
  readonly valid: false;
  readonly reason: string;
}

/** The answer to the one question. */
export type ValidateAnswer<U = unknown> = ValidAnswer<U> | InvalidAnswer;
