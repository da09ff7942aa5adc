/** What stores that judge in JavaScript say of a ticket, and the steps of time in which all of them count. */
import { TICKET_RETENTION_MS, type Ticket, type TicketUse } from '../core/ticket-store.ts';

/**
 * Tickets are counted by the step in which they expire, so that no count has to look at them one by one: from the end of
 * a step on, whatever it counts has expired.
 */
export const TICKET_STEP_MS: number = 10_000;

/** The step in which it expires; steps are numbered by their ends. */
export function stepOf(expiresAt: number): number {
  return Math.ceil(expiresAt / TICKET_STEP_MS);
}

/** The last step that is over. */
export function stepBefore(now: number): number {
  return Math.floor(now / TICKET_STEP_MS);
}

/** Whether it was kept for long enough: swept or not, it counts as absent. */
export function isForgotten(expiresAt: number, now: number): boolean {
  return now >= expiresAt + TICKET_RETENTION_MS;
}

/** Whether a fetch of the page is still to be noted. */
export function isNew({ openedAt, usedAt, expiresAt }: Ticket, now: number): boolean {
  return openedAt === null && usedAt === null && now < expiresAt;
}

/**
 * What `consume` answers. `proof` is that of the caller who used the ticket. It counts as often as it is shown within
 * `repeatMs`: attempts that the caller gave up reach a store that hangs all the same, and must not take the answer away from
 * the one that is listened to. A repetition has to come from the right origin, too, and comes in time also when the ticket
 * has expired since.
 */
export function judgeUse(
  { usedAt, expiresAt, origins }: Ticket,
  proof: string | null,
  use: TicketUse,
): 'consumed' | 'repeated' | 'used' | 'expired' | 'wrong-origin' {
  const fromHere = origins.length === 0 || (use.origin !== null && origins.includes(use.origin));
  if (usedAt !== null) {
    const isSame = proof !== null && proof === use.proof && use.at - usedAt < use.repeatMs;
    return isSame && fromHere ? 'repeated' : 'used';
  }
  if (use.at >= expiresAt) return 'expired';
  return fromHere ? 'consumed' : 'wrong-origin';
}
