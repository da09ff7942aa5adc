/** The names of the keys that one-time sessions are kept under. */
import { DEFAULT_PREFIX } from './options.ts';

export interface TicketKeys {
  /** The counts. */
  readonly stats: string;
  /** What the keys of tickets begin with. */
  readonly beginning: string;
  /** The key of the ticket that the engine knows by this. */
  of(key: string): string;
}

/** With another prefix than the default they begin with that. */
export function ticketKeysOf(prefix: string): TicketKeys {
  const own = prefix === DEFAULT_PREFIX ? '' : `${prefix}:`;
  const beginning = `${own}auth_session:`;
  return { stats: `${own}auth_stats`, beginning, of: (key) => beginning + key };
}
