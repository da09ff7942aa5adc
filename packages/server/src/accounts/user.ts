/** An account as others may see it. */

/** What an answer shows of an account. */
export interface User {
  readonly id: string;
  /** As the person typed it. */
  readonly email: string;
  readonly name: string | null;
}
