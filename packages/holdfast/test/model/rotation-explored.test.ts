import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExplorerOptions, explore } from './explorer.ts';

const cases: Record<string, Omit<ExplorerOptions, 'maxStates'>> = {
  'three messages at once, late, lost and overtaking each other': {
    parallel: 3,
    slowTicks: 0,
    doubled: false,
    lostWrites: 0,
  },
  'messages that also arrive twice': { parallel: 2, slowTicks: 0, doubled: true, lostWrites: 0 },
  'answers whose headers leave up to 45 s late': { parallel: 2, slowTicks: 3, doubled: false, lostWrites: 0 },
  'three at once with answers that leave up to 30 s late': { parallel: 3, slowTicks: 2, doubled: false, lostWrites: 0 },
};

for (const [name, options] of Object.entries(cases)) {
  test(`an honest browser is never signed out: ${name}`, async (t) => {
    const { states, exhausted, signedOutBy } = await explore({ ...options, maxStates: 2_000_000 });
    assert.equal(signedOutBy, null, signedOutBy?.join('\n'));
    assert.ok(exhausted, `${states} states were not all of them`);
    assert.ok(states > 3000, `${states} states are too few to mean anything`);
    t.diagnostic(`${states} states, all of them`);
  });
}

test('an honest browser is never signed out by a store that loses its last two confirmations', async (t) => {
  const options = { parallel: 2, slowTicks: 0, doubled: false, lostWrites: 2, maxStates: 120_000 };
  const { states, signedOutBy } = await explore(options);
  assert.equal(signedOutBy, null, signedOutBy?.join('\n'));
  t.diagnostic(`${states} states, breadth first`);
});
