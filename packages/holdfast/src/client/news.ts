/** What the tabs of one browser say to each other. */

/** An answer and the news in it come together: who believes the one knows the other. */
export interface News {
  /** See `Turns`. */
  readonly turn?: number;
  /** A question begins, at that time; `asked` with the same time ends it, with the answer's body. */
  readonly asking?: number;
  readonly asked?: number;
  readonly body?: unknown;
  readonly news?: 'signed-in' | 'signed-out' | undefined;
  /** When it was told. */
  readonly at?: number;
  /** The session that it is about; empty where that is not known. */
  readonly session?: string;
  readonly reason?: string | undefined;
}
