/** Records to test with: valid ones, each with an id of its own. */
import type { SessionRecord } from '../../core/record.ts';
import { newSessionId } from '../../core/session-id.ts';
import { START } from './harness.ts';

let made = 0;

/** A record that lives for an hour from {@link START}, with whatever the scenario wants to be otherwise. */
export function sampleRecord(overrides: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: sampleId(overrides.userId),
    version: 1,
    userId: 'user-1',
    createdAt: START,
    authenticatedAt: START,
    amr: ['pwd'],
    idleSeconds: 3600,
    absoluteExpiresAt: START + 30 * 24 * 60 * 60 * 1000,
    lastSeenAt: START,
    expiresAt: START + 3600 * 1000,
    device: {},
    data: {},
    generation: 0,
    confirmedIssuedAt: START / 1000,
    keyId: '0a1b2c3d',
    previousKeyId: null,
    movedTo: null,
    ...overrides,
  };
}

/** An id as the engine makes them for this user, but counted instead of random: never the same twice. */
export function sampleId(userId: string | null = 'user-1'): string {
  made++;
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, made);
  // Without a user the home is random; here the ids go round.
  new DataView(bytes.buffer).setUint16(0, (made * 4099) & 0xffff);
  return newSessionId(bytes, userId);
}
