/** Tabs that can be put to sleep, with somebody signed in. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { type BareBrowser, type BareTab, openBareBrowser } from './bare-browser.ts';
import type { World } from './world.ts';

export interface Sleepers {
  readonly browser: BareBrowser;
  /** Signed in, and looked at. */
  readonly tab: BareTab;
  /** Another tab of the same person. */
  readonly other: BareTab;
}

let people = 0;

/** Call it at the top of a test file: one browser for its rows, with a profile for each of them. */
export function sleepers(): (world: World) => Promise<Sleepers> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-sleepers-'));
  let browser: BareBrowser | null = null;
  before(async () => {
    browser = await openBareBrowser(directory);
  });
  after(async () => {
    await browser?.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });
  return (world) => {
    assert.ok(browser, 'the browser did not start');
    return signedIn(browser, world);
  };
}

async function signedIn(browser: BareBrowser, { afterwards, url }: World): Promise<Sleepers> {
  const profile = await browser.newProfile();
  afterwards(() => profile.close());
  const tab = await profile.open(`${url}/app/?turnable`);
  people += 1;
  await tab.evaluate(`async () => {
    await window.matrix.client.settled();
    await window.matrix.client.signUp({ email: 'sleeper-${people}@example.com', password: 'seven bridges over the river' });
  }`);
  const other = await profile.open(`${url}/app/?turnable`);
  for (const each of [tab, other]) assert.equal(await settled(each), 'signed-in');
  await tab.show();
  // It asks for that reason. From here on it asks nothing by itself.
  await tab.evaluate(() => window.matrix.client.ask());
  return { browser, tab, other };
}

function settled(tab: BareTab): Promise<string> {
  return tab.evaluate(async () => (await window.matrix.client.settled()).status);
}

/** Every state that the tab went through since it was loaded, with its reason; the same one in a row once. */
export async function storyOf(tab: BareTab): Promise<readonly string[]> {
  const all = await tab.evaluate(() => window.matrix.seen.map(({ status, reason }) => `${status} ${reason}`.trim()));
  return all.filter((state, index) => state !== all[index - 1]);
}
