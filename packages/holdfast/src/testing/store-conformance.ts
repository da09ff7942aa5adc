/** The one suite that every store passes: the contract of `Store`, sentence by sentence. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { closing } from './store/closing.ts';
import { creating } from './store/creating.ts';
import { ending } from './store/ending.ts';
import { expiry } from './store/expiry.ts';
import { type StoreHarness, scenarios } from './store/harness.ts';
import { keys } from './store/keys.ts';
import { listing } from './store/listing.ts';
import { moving } from './store/moving.ts';
import { roundTrip } from './store/round-trip.ts';
import { updating } from './store/updating.ts';

/**
 * Registers the suite with node:test under the given name. Each test opens a backend of its own through the harness.
 * One test generates JSON with fast-check, which has to be installed.
 */
export function storeConformance(describeName: string, harness: StoreHarness): void {
  describe(describeName, () => {
    const scenario = scenarios(harness);
    describe('creating and reading', () => creating(scenario));
    describe('updating', () => updating(scenario));
    describe('ending', () => ending(scenario));
    describe('moving to a new id', () => moving(scenario));
    describe('listing and limits', () => listing(scenario));
    describe('keys', () => keys(scenario));
    describe('expiry', () => expiry(scenario));
    describe('round trip', () => roundTrip(scenario));
    describe('health and closing', () => closing(scenario));
    test('what the store cannot do is declared with a reason', () => {
      const declared = harness.declared ?? {};
      for (const [capability, reason] of Object.entries(declared)) {
        assert.ok(reason.trim().length > 0, `${capability} is declared without a reason`);
      }
      assert.equal(harness.reopen === undefined, declared['second-handle'] !== undefined, 'second-handle: reopen()');
      assert.equal(harness.corrupt === undefined, declared.undecodable !== undefined, 'undecodable: corrupt()');
    });
  });
}
