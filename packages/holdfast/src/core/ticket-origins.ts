/** What may be named as the origin of a page that embeds. */

/** How many origins a one-time session may be bound to. */
export const MOST_TICKET_ORIGINS: number = 32;

/**
 * What a browser may send as an origin: hosts in ASCII, without `*` and `;`, which URLs allow and which would mean
 * something else in a Content-Security-Policy.
 */
const ORIGIN = /^https?:\/\/([\w.-]+|\[[\da-f:]+\])(:\d+)?$/;

/**
 * What is wrong with a text as an origin of a one-time session; null for one as browsers send it: `https://shop.example`.
 */
export function ticketOriginProblem(origin: string): string | null {
  if (ORIGIN.test(origin) && URL.canParse(origin) && new URL(origin).origin === origin) return null;
  return `an origin is a scheme, host and port as browsers send it, not ${JSON.stringify(origin.slice(0, 120))}`;
}
