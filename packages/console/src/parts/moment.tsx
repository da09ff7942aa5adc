/** A time in the reader's language, exact for machines and on hover. */
import type { ReactElement } from 'react';
import { toDate, toDateAndTime, toDistance } from '../times.ts';

/** A day, such as "3 November 2026". */
export function Day({ iso }: { iso: string }): ReactElement {
  return (
    <time dateTime={iso} title={toDateAndTime(iso)}>
      {toDate(iso)}
    </time>
  );
}

/** How long ago, such as "5 minutes ago", by the service's clock. */
export function Ago({ iso, now }: { iso: string; now: number }): ReactElement {
  return (
    <time dateTime={iso} title={toDateAndTime(iso)}>
      {toDistance(Date.parse(iso) - now)}
    </time>
  );
}
