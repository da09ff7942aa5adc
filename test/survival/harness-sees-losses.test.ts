/** The drills are worth something because they fail: an application that does everything wrong loses in each of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SystemKind } from '../../survival/adapter.ts';
import { DRILLS } from '../../survival/drills/index.ts';
import { runDrill } from '../../survival/run/run-drill.ts';
import { nodeClock } from '../../survival/systems/node-clock.ts';
import { plainRoutes } from '../../survival/systems/plain-routes.ts';
import type { Recipe } from '../../survival/systems/recipe.ts';
import { createSystem } from '../../survival/systems/running-system.ts';

const APP = fileURLToPath(new URL('./forgetful-app.mjs', import.meta.url));

const recipe: Recipe = {
  id: 'forgetful',
  title: 'An application that forgets',
  ours: false,
  setting: 'a Map',
  workers: 1,
  routes: plainRoutes({ notApplicable: 'it cannot' }),
  prepare: async () => null,
  version: () => '0',
  program: (place) => ({
    file: process.execPath,
    args: [APP],
    directory: place.home,
    environment: { PORT: String(place.port) },
  }),
  keys: () => ({}),
  rotation: { ring: false, documented: 'restarted' },
  readyPath: '/ready',
  startStore: null,
  embeddedStore: () => ({ notApplicable: 'a Map' }),
  rebuild: async () => 'started again',
  ...nodeClock,
};

const kind: SystemKind = { ...recipe, create: () => createSystem(recipe) };

const LOSING = [
  'sigterm-restart',
  'kill9',
  'rebuild',
  'key-rotation',
  'other-key',
  'no-key',
  'garbage-cookies',
  'sign-out-in-flight',
  'parallel-writers',
  'redirect-before-save',
  'sibling',
];

for (const id of LOSING) {
  test(`the drill ${id} sees what an application that forgets loses`, async () => {
    const drill = DRILLS.find((each) => each.id === id);
    assert.ok(drill);
    const { outcome, evidence } = await runDrill(drill, kind, { quick: true });
    assert.equal(outcome.result, 'lost', JSON.stringify({ outcome, evidence }, null, 2));
    assert.ok(outcome.result === 'lost' && outcome.lost > 0 && outcome.lost <= outcome.of);
    assert.ok(evidence.requests > 0, 'there is evidence');
  });
}

test('what an application cannot do is not applicable, with its reason', async () => {
  for (const id of ['store-frozen', 'sign-out-everywhere']) {
    const drill = DRILLS.find((each) => each.id === id);
    assert.ok(drill);
    const { outcome } = await runDrill(drill, kind, { quick: true });
    assert.equal(outcome.result, 'not-applicable');
  }
});

test('a system that does not start makes the drill fail, and says what it wrote', async () => {
  const broken: Recipe = {
    ...recipe,
    program: (place) => ({
      file: process.execPath,
      args: ['-e', 'console.error("the disk is full"); process.exit(3)'],
      directory: place.home,
      environment: {},
    }),
  };
  const drill = DRILLS.find(({ id }) => id === 'sigterm-restart');
  assert.ok(drill);
  const { outcome } = await runDrill(drill, { ...kind, create: () => createSystem(broken) }, { quick: true });
  assert.equal(outcome.result, 'failed');
  assert.match(outcome.result === 'failed' ? outcome.why : '', /did not start \(3\):\nthe disk is full/);
});
