/** How long one-time sessions live and how many may wait, resolved once. */
import { HoldfastError } from './errors.ts';

/** How tickets behave. */
export interface TicketPolicy {
  /** How long a ticket can be used, in seconds, from 10 to 86,400. Default 1800. */
  readonly ttlSeconds?: number;
  /** How many may wait to be used at a time. Beyond it none is made; none gives way. Default 1000. */
  readonly maxTickets?: number;
  /** For how long the same idempotency key gets the same answer again, in seconds from the use on, from 0 to 60. Default 10. */
  readonly repeatSeconds?: number;
}

/** Fills in the defaults. Throws one `invalid-option` that names every value that cannot work. */
export function resolveTicketPolicy(policy: TicketPolicy): Required<TicketPolicy> {
  const { ttlSeconds = 1800, maxTickets = 1000, repeatSeconds = 10 } = policy;
  const problems: string[] = [];
  const check = (name: string, value: number, least: number, most: number): void => {
    if (!Number.isInteger(value) || value < least || value > most) {
      problems.push(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
    }
  };
  check('ttlSeconds', ttlSeconds, 10, 86_400);
  check('maxTickets', maxTickets, 1, 100_000_000);
  check('repeatSeconds', repeatSeconds, 0, 60);
  if (problems.length > 0) throw new HoldfastError('invalid-option', problems.join('\n'));
  return { ttlSeconds, maxTickets, repeatSeconds };
}
