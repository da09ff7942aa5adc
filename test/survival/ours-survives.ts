/** Runs every drill on one of our systems with reduced rounds: the drills are those of `npm run survival`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRILLS } from '../../survival/drills/index.ts';
import { inWords } from '../../survival/run/outcome.ts';
import { runDrill } from '../../survival/run/run-drill.ts';
import { SYSTEMS } from '../../survival/systems/index.ts';

/** Ends of these drills that are as good as surviving: the system does not start with a key that would sign people out. */
const REFUSALS = new Set(['other-key', 'no-key']);

/** Every drill's id. */
export const ALL: readonly string[] = DRILLS.map(({ id }) => id);

/** Those in which processes could get in each other's way: the service plays them with two workers, the others with one. */
export const FLEET: readonly string[] = [
  'connections',
  'sigterm-restart',
  'kill9',
  'other-key',
  'token-expiry',
  'sign-out-in-flight',
  'sign-out-everywhere',
  'store-frozen',
];

/** `notApplicable`: those of the drills that may say so of this system; every other one has to survive. */
export function survives(systemId: string, drills: readonly string[], notApplicable: readonly string[] = []): void {
  const kind = SYSTEMS.find(({ id }) => id === systemId);
  assert.ok(kind, `there is no system ${systemId}`);
  for (const drill of DRILLS.filter(({ id }) => drills.includes(id))) {
    const expected = notApplicable.includes(drill.id) ? 'not-applicable' : null;
    const good = expected ?? (REFUSALS.has(drill.id) ? 'refused-safely' : 'survived');
    test(`${kind.title}: ${drill.title} is ${good.replace('-', ' ')}`, async () => {
      const { outcome, evidence } = await runDrill(drill, kind, { quick: true });
      const told = [inWords(outcome), ...evidence.notes, ...evidence.samples].join('\n');
      assert.equal(outcome.result, good, told);
    });
  }
}
