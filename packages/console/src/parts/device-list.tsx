/** One's devices, each with what helps to recognise it and a way to sign it out. */
import { type ReactElement, useState } from 'react';
import { type Device, isHandheld } from '../devices.ts';
import { toDistance } from '../times.ts';
import { Button } from './button.tsx';
import { Ago, Day } from './moment.tsx';

export interface DeviceListProps {
  readonly devices: readonly Device[];
  /** The service's time, in milliseconds since 1970. */
  readonly now: number;
  readonly onSignOut: (device: Device) => Promise<void>;
}

export function DeviceList({ devices, now, onSignOut }: DeviceListProps): ReactElement {
  return (
    <ul className="devices">
      {devices.map((device) => (
        <DeviceRow key={device.id} device={device} now={now} onSignOut={onSignOut} />
      ))}
    </ul>
  );
}

function DeviceRow({ device, now, onSignOut }: Omit<DeviceListProps, 'devices'> & { device: Device }): ReactElement {
  const [busy, setBusy] = useState(false);
  async function signOut(): Promise<void> {
    setBusy(true);
    await onSignOut(device);
    setBusy(false);
  }
  return (
    <li className="device">
      <DeviceIcon handheld={isHandheld(device)} />
      <div className="device-text">
        <p className="device-name">
          <span>{device.label}</span>
          {device.isCurrent && <span className="badge">This device</span>}
        </p>
        <p className="device-facts">
          <span>
            {device.isCurrent ? (
              'Active now'
            ) : (
              <>
                Active <Ago iso={device.lastSeenAt} now={now} />
              </>
            )}
          </span>
          <span>
            Signed in <Day iso={device.createdAt} />
          </span>
          {device.ip !== '' && <span className="device-ip">{device.ip}</span>}
        </p>
      </div>
      {!device.isCurrent && (
        <Button
          look="quiet"
          busy={busy}
          busyText="Signing out…"
          label={`Sign out ${device.label}, active ${toDistance(Date.parse(device.lastSeenAt) - now)}`}
          onPress={() => void signOut()}
        >
          Sign out
        </Button>
      )}
    </li>
  );
}

function DeviceIcon({ handheld }: { handheld: boolean }): ReactElement {
  return (
    <svg className="device-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {handheld ? (
        <>
          <rect x="7" y="3" width="10" height="18" rx="2.5" />
          <path d="M11 18h2" />
        </>
      ) : (
        <>
          <rect x="4" y="5" width="16" height="11" rx="2" />
          <path d="M2.5 19.5h19" />
        </>
      )}
    </svg>
  );
}
