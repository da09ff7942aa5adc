/** Shown when the service has never answered since the page was opened; it is no sign-in page, because nobody was signed out. */
import { type ReactElement, useEffect, useState } from 'react';
import { AccountLayout } from '../parts/account-layout.tsx';
import { Button } from '../parts/button.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { type Outage, session } from '../session.ts';
import { toWait } from '../times.ts';

export function UnreachablePage({ outage }: { outage: Outage }): ReactElement {
  return (
    <AccountLayout>
      <div className="message">
        <svg className="message-icon" viewBox="0 0 48 48" aria-hidden="true" focusable="false">
          <path d="M6 19a26 26 0 0 1 36 0M12.5 26a17 17 0 0 1 23 0M19 33a8 8 0 0 1 10 0" />
          <path className="message-icon-strike" d="M9 41 39 9" />
        </svg>
        <PageHeading>We cannot reach the service</PageHeading>
        <p>
          It may be your connection, or it may be us. Nobody has been signed out: this page carries on by itself as soon
          as there is an answer.
        </p>
        <Button busy={outage.retryAt === null} busyText="Trying…" onPress={() => void session.ask()}>
          Try now
        </Button>
        <div className="message-wait">
          <p className="message-small" role="status">
            We keep trying.
          </p>
          <p className="message-small" aria-hidden="true">
            {outage.retryAt === null ? 'Asking now…' : <NextTry at={outage.retryAt} />}
          </p>
        </div>
      </div>
    </AccountLayout>
  );
}

/** Counts down for the eye only: read aloud every second, it would drown everything else. */
function NextTry({ at }: { at: number }): ReactElement {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return <>Next try in {toWait((at - now) / 1000)}.</>;
}
