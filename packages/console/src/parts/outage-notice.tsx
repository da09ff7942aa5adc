/** Says, over a page that stays as it is, that the service does not answer and is being asked again. */
import type { ReactElement } from 'react';
import { type Outage, session } from '../session.ts';

export function OutageNotice({ outage }: { outage: Outage }): ReactElement {
  return (
    <div className="outage" role="status">
      <span className="outage-dot" aria-hidden="true" />
      <p>
        <strong>The service is not answering.</strong>{' '}
        {outage.lastKnown?.status === 'signed-in' ? 'You stay signed in, and we' : 'We'} keep trying.
      </p>
      <button type="button" className="outage-action" onClick={() => void session.ask()}>
        Try now
      </button>
    </div>
  );
}
