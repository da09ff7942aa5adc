/** Records to test with: valid ones, each with an id of its own. */
import type { SessionRecord } from '../../core/record.ts';
import { START } from './harness.ts';

let made = 0;

/** A record that lives for an hour from {@link START}, with whatever the scenario wants to be otherwise. */
export function sampleRecord(overrides: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: sampleId(),
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

/** 22 characters, as a session's id has; never the same twice. */
export function sampleId(): string {
  made++;
  return `sample_${made.toString(36).padStart(15, '0')}`;
}
