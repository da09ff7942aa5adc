/** The outline of what is to come, while the service is asked who this is. */
import type { ReactElement } from 'react';
import { AccountLayout } from '../parts/account-layout.tsx';
import { FormLayout } from '../parts/form-layout.tsx';
import { Bone, Skeleton } from '../parts/skeleton.tsx';

export function CheckingPage({ shape }: { shape: 'form' | 'account' }): ReactElement {
  const status = (
    <div className="visually-hidden" role="status">
      <h1>One moment</h1>
      <p>Checking whether you are signed in.</p>
    </div>
  );
  if (shape === 'form') {
    return (
      <FormLayout>
        {status}
        <Skeleton>
          <Bone shape="title" />
          <Bone shape="text" />
          <Bone shape="field" />
          <Bone shape="field" />
          <Bone shape="field" />
        </Skeleton>
      </FormLayout>
    );
  }
  return (
    <AccountLayout>
      {status}
      <Skeleton>
        <Bone shape="title" />
        <Bone shape="text" />
      </Skeleton>
      <Skeleton>
        <Bone shape="card" />
        <Bone shape="card" />
      </Skeleton>
    </AccountLayout>
  );
}
