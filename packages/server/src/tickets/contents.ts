/** What a maker gives a one-time session along: its shape on the wire, and what of it can be kept. */
import type { Json } from 'holdfast';
import { type TicketContents, ticketOriginProblem } from 'holdfast/tickets';
import { type Static, Type } from 'typebox';
import { wrongField } from './ticket-problems.ts';

/** How many origins a one-time session may be bound to. */
export const MAX_ORIGINS = 16;
/** A scheme, the longest host name and a port. */
const ORIGIN_MAX = 300;
const USER_MAX = 200;
/** A level or two below what session data may have, because it becomes a part of that. */
const MAX_DEPTH = 30;
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export const Origin = Type.String({ minLength: 1, maxLength: ORIGIN_MAX });

export const Contents = Type.Object(
  {
    user: Type.Optional(
      Type.String({ minLength: 1, maxLength: USER_MAX, description: 'Whom it is for, in your own words.' }),
    ),
    origins: Type.Optional(
      Type.Array(Origin, {
        maxItems: MAX_ORIGINS,
        description: 'Origins whose pages may embed it, exact. Without any: those of the API key.',
      }),
    ),
    origin: Type.Optional({ ...Origin, description: 'The same, where it is one.' }),
    data: Type.Optional(
      Type.Unknown({ description: 'JSON that comes back when it is used; with `user` at most 8,192 characters.' }),
    ),
  },
  { additionalProperties: false },
);

/** The contents as the engine takes them. Throws the 422 that names the field. */
export function toContents(body: Static<typeof Contents>): TicketContents & { readonly origins: readonly string[] } {
  const { user, origin, origins = [], data } = body;
  if (origin !== undefined && body.origins !== undefined)
    throw wrongField('/origin', 'Give origin or origins, not both.');
  const all = origin === undefined ? origins : [origin];
  for (const [index, each] of all.entries()) {
    if (isOrigin(each)) continue;
    const pointer = origin === undefined ? `/origins/${index}` : '/origin';
    throw wrongField(pointer, 'An origin is a scheme, a host and a port as browsers send it: https://shop.example.');
  }
  // The engine counts as JavaScript does, the schema counts characters.
  if (user !== undefined && user.length > USER_MAX)
    throw wrongField('/user', `user must have at most ${USER_MAX} characters.`);
  if (data !== undefined && !isStorable(data, 0)) {
    const detail = `data must be JSON at most ${MAX_DEPTH} levels deep, with finite numbers and without names such as __proto__.`;
    throw wrongField('/data', detail);
  }
  return {
    origins: [...new Set(all)],
    ...(user === undefined ? {} : { user }),
    ...(data === undefined ? {} : { data: data as Json }),
  };
}

/** Whether a text is an origin of a web page, exactly as browsers write it. */
export function isOrigin(text: string): boolean {
  return ticketOriginProblem(text) === null;
}

/** What JSON.parse made: `1e999` became infinite and would come back as null. */
function isStorable(value: unknown, depth: number): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1));
  return Object.entries(value).every(([name, inner]) => !FORBIDDEN_NAMES.has(name) && isStorable(inner, depth + 1));
}
