/** For addresses that are none of these pages. */
import type { ReactElement } from 'react';
import { AccountLayout } from '../parts/account-layout.tsx';
import { Link } from '../parts/link.tsx';
import { PageHeading } from '../parts/page-heading.tsx';

export function NotFoundPage(): ReactElement {
  return (
    <AccountLayout>
      <div className="message">
        <PageHeading>There is no such page</PageHeading>
        <p>The address may be mistyped, or the page has moved.</p>
        <p>
          <Link to="/account">Go to your account</Link>
        </p>
      </div>
    </AccountLayout>
  );
}
