/** Words for times, in the reader's language unless told otherwise. */

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** "5 minutes ago", "in 3 days", "now" below a minute; from a distance in milliseconds, negative for the past. */
export function toDistance(milliseconds: number, locale?: string): string {
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const seconds = milliseconds / 1000;
  for (const [unit, length] of UNITS) {
    const count = Math.trunc(seconds / length);
    if (count !== 0) return words.format(count, unit);
  }
  return words.format(0, 'second');
}

/** "3 November 2026" */
export function toDate(iso: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(iso));
}

/** "3 November 2026 at 14:05" */
export function toDateAndTime(iso: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(iso));
}

/** "1 minute", "40 seconds": a wait, rounded up so that nobody comes too early. */
export function toWait(seconds: number, locale?: string): string {
  const [unit, count] =
    seconds < 60 ? ['second', Math.max(1, Math.ceil(seconds))] : ['minute', Math.ceil(seconds / 60)];
  return new Intl.NumberFormat(locale, { style: 'unit', unit: String(unit), unitDisplay: 'long' }).format(
    Number(count),
  );
}
