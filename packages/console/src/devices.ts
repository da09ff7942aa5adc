/** One's own signed-in devices, read from what the service answers. */

export interface Device {
  readonly id: string;
  /** Such as "Chrome on Linux". */
  readonly label: string;
  /** Empty where the service does not keep it. */
  readonly ip: string;
  readonly userAgent: string;
  /** ISO 8601, as all times here. */
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly isCurrent: boolean;
}

/** This device first, then the most recently used; null where the answer is no list. */
export function toDevices(body: unknown): readonly Device[] | null {
  if (!isRecord(body) || !Array.isArray(body.sessions)) return null;
  const devices = body.sessions.map(toDevice).filter((device) => device !== null);
  return devices.sort(
    (a, b) => Number(b.isCurrent) - Number(a.isCurrent) || Date.parse(b.lastSeenAt) - Date.parse(a.lastSeenAt),
  );
}

/** Whether to draw a phone or a computer; a guess from the browser's own words, for the picture only. */
export function isHandheld(device: Device): boolean {
  return /Android|iPhone|iPad|Mobile/i.test(`${device.label} ${device.userAgent}`);
}

function toDevice(value: unknown): Device | null {
  if (!isRecord(value) || typeof value.id !== 'string' || !isTime(value.created_at)) return null;
  return {
    id: value.id,
    label: typeof value.device === 'string' && value.device !== '' ? value.device : 'Unknown device',
    ip: typeof value.ip === 'string' ? value.ip : '',
    userAgent: typeof value.user_agent === 'string' ? value.user_agent : '',
    createdAt: value.created_at,
    lastSeenAt: isTime(value.last_seen_at) ? value.last_seen_at : value.created_at,
    isCurrent: value.is_current === true,
  };
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && Number.isFinite(Date.parse(value));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
