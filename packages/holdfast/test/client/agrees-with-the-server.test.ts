/** Whatever happens between the tabs of a browser, the network and the server, in any order: the rules hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explore, type Weather } from './harness/explorer.ts';

const HISTORIES = Number(process.env.HOLDFAST_MODEL_HISTORIES ?? 200);
const FAIR: Weather = { naps: false, revocations: false, failures: false, answersAbort: true };

const WEATHERS: readonly (readonly [string, Weather])[] = [
  ['in fair weather', FAIR],
  ['with a network that fails', { ...FAIR, failures: true }],
  ['with sessions that end elsewhere', { ...FAIR, revocations: true, failures: true }],
  ['with tabs that are frozen, put away and closed', { ...FAIR, naps: true }],
  ['with all of it', { ...FAIR, naps: true, revocations: true, failures: true }],
  ['with requests that cannot be stopped', { ...FAIR, revocations: true, failures: true, answersAbort: false }],
];

for (const [name, weather] of WEATHERS) {
  test(`no history breaks a rule, ${name}`, async () => {
    let questions = 0;
    for (let seed = 1; seed <= HISTORIES; seed += 1) questions += (await explore(seed, weather)).questions;
    assert.ok(questions > HISTORIES, 'there was something to see');
  });
}
