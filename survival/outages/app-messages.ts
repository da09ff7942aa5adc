/** What a drill and a process of the application say to each other beside the requests. */

/** Asked over the channel between parent and child; each is answered. */
export type AppQuestion =
  /** Moves its clock to so many milliseconds from the machine's. */
  | { readonly ask: 'clock'; readonly offsetMs: number }
  /** With `settled`, garbage is collected first, so that memory figures can be compared. */
  | { readonly ask: 'figures'; readonly settled: boolean };

export interface AppFigures {
  /** Resident memory in bytes. */
  readonly rss: number;
  /** Bytes of live and not yet collected objects. */
  readonly heapUsed: number;
  /** Requests that came and are not answered yet: now, and the most there were since the last question. */
  readonly underWay: number;
  readonly mostUnderWay: number;
  /** Timers, sockets and the like that Node keeps. */
  readonly resources: number;
  readonly unhandledRejections: number;
  /** Messages of process warnings, the first few. */
  readonly warnings: readonly string[];
  /** How often the library told of what; ended sessions by reason, failures by operation. */
  readonly events: Readonly<Record<string, number>>;
  /** The sentences of failures, the first of each kind. */
  readonly failures: readonly string[];
}
