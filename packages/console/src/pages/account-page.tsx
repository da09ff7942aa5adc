/** The account of whoever is signed in, and the devices it is signed in on. */
import type { SessionFacts } from 'holdfast/client';
import { useSignedIn } from 'holdfast/client/react';
import { type ReactElement, useEffect, useRef, useState } from 'react';
import type { Device } from '../devices.ts';
import { AccountLayout } from '../parts/account-layout.tsx';
import { Button } from '../parts/button.tsx';
import { ConfirmDialog } from '../parts/confirm-dialog.tsx';
import { DeviceList } from '../parts/device-list.tsx';
import { Day } from '../parts/moment.tsx';
import { Notice } from '../parts/notice.tsx';
import { PageHeading } from '../parts/page-heading.tsx';
import { Bone, Skeleton } from '../parts/skeleton.tsx';
import { session } from '../session.ts';
import { useDevices } from '../use-devices.ts';
import type { User } from '../user.ts';

/** Behind the guard. */
export function AccountPage(): ReactElement {
  const { user, session: times } = useSignedIn<User>();
  return (
    <AccountLayout bar={<SignOut email={user.email} />}>
      <div className="profile">
        <span className="avatar" aria-hidden="true">
          {toInitial(user.name || user.email)}
        </span>
        <div className="profile-text">
          <PageHeading>Your account</PageHeading>
          <p>
            {user.name !== '' && <strong>{user.name}</strong>}
            <span>{user.email}</span>
          </p>
        </div>
      </div>
      <DevicesCard />
      <Facts times={times} />
    </AccountLayout>
  );
}

function SignOut({ email }: { email: string }): ReactElement {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  async function signOut(): Promise<void> {
    setBusy(true);
    setFailed(false);
    const result = await session.signOut();
    setBusy(false);
    setFailed(result.kind !== 'ok');
  }
  return (
    <div className="bar-person">
      <span className="bar-email">{email}</span>
      <Button look="quiet" busy={busy} busyText="Signing out…" onPress={() => void signOut()}>
        Sign out
      </Button>
      <p className="bar-error" role="alert">
        {failed && 'You are still signed in: the service did not answer. Try again in a moment.'}
      </p>
    </div>
  );
}

function DevicesCard(): ReactElement {
  const { list, error, reload, signOutOne, signOutOthers } = useDevices();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState('');
  const heading = useRef<HTMLHeadingElement>(null);
  const others = list?.filter((device) => !device.isCurrent).length ?? 0;

  // What held the focus is gone with its row. An effect, since nothing behind an open dialog can take the focus.
  useEffect(() => {
    if (done !== '') heading.current?.focus();
  }, [done]);

  async function endOne(device: Device): Promise<void> {
    setDone('');
    if (await signOutOne(device.id)) setDone(`${device.label} is signed out.`);
  }

  async function endOthers(): Promise<void> {
    setBusy(true);
    setDone('');
    const ended = await signOutOthers();
    setBusy(false);
    setAsking(false);
    if (ended) setDone('All other devices are signed out.');
  }

  return (
    <section className="card" aria-labelledby="devices">
      <div className="card-head">
        <div>
          <h2 id="devices" ref={heading} tabIndex={-1}>
            Devices
          </h2>
          <p>Where you are signed in. Sign out what you no longer use.</p>
        </div>
        {others > 0 && (
          <Button look="quiet" onPress={() => setAsking(true)}>
            Sign out all others
          </Button>
        )}
      </div>
      <p className="card-done" role="status">
        {done}
      </p>
      {error !== '' && (
        <Notice tone="error">
          <p>{error}</p>
          <button type="button" className="text-button" onClick={() => void reload()}>
            Load the list again
          </button>
        </Notice>
      )}
      {list === null && error === '' && (
        <Skeleton>
          <Bone shape="row" />
          <Bone shape="row" />
        </Skeleton>
      )}
      {list !== null && <DeviceList devices={list} now={session.now()} onSignOut={endOne} />}
      {list !== null && others === 0 && (
        <p className="empty">You are signed in nowhere else. Other devices appear here when you sign in on them.</p>
      )}
      {asking && (
        <ConfirmDialog
          title="Sign out all other devices?"
          confirm={others === 1 ? 'Sign out 1 device' : `Sign out ${others} devices`}
          busy={busy}
          busyText="Signing out…"
          cancel="Keep them"
          onConfirm={() => void endOthers()}
          onClose={() => setAsking(false)}
        >
          <p>Everybody who uses your account there will have to sign in again. You stay signed in here.</p>
        </ConfirmDialog>
      )}
    </section>
  );
}

function Facts({ times }: { times: SessionFacts }): ReactElement {
  return (
    <section className="card" aria-labelledby="facts">
      <div className="card-head">
        <div>
          <h2 id="facts">This session</h2>
          <p>How long this browser stays signed in.</p>
        </div>
      </div>
      <dl className="facts">
        <Fact term="Signed in" at={times.createdAt} />
        <Fact term="Ends, if unused" at={times.idleExpiresAt} />
        <Fact term="Ends at the latest" at={times.expiresAt} />
      </dl>
    </section>
  );
}

function Fact({ term, at }: { term: string; at: number | null }): ReactElement | null {
  if (at === null) return null;
  return (
    <div>
      <dt>{term}</dt>
      <dd>
        <Day iso={new Date(at).toISOString()} />
      </dd>
    </div>
  );
}

function toInitial(name: string): string {
  return [...name.trim()][0]?.toLocaleUpperCase() ?? '';
}
