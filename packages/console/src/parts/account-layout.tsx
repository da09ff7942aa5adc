/** The frame of the pages behind sign-in: a bar with the mark and what belongs to the person, and one column. */
import type { ReactElement, ReactNode } from 'react';
import { Brand } from './mark.tsx';
import { SkipLink } from './skip-link.tsx';

export function AccountLayout({ bar, children }: { bar?: ReactNode; children: ReactNode }): ReactElement {
  return (
    <div className="account-layout">
      <SkipLink />
      <header className="bar">
        <div className="bar-inside">
          <Brand />
          {bar}
        </div>
      </header>
      <main id="main" className="column" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
