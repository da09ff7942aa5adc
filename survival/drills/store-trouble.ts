/** The store stops answering, or is gone, while people are there. */
import { setTimeout as pause } from 'node:timers/promises';
import { isApplicable, type StoreControl } from '../adapter.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill, Stage } from './drill.ts';
import { countLost, type Person, startLoad } from './load.ts';
import { signInPeople } from './people.ts';

const PEOPLE = 5;
const SIX_MINUTES = 360;
/** Longer than a system should make anybody wait. */
const SIGN_IN_LIMIT_MS = 5000;
const RECOVERY_LIMIT_MS = 30_000;

export const storeFrozen: Drill = {
  id: 'store-frozen',
  title: 'Store frozen for 10 s, under load',
  does:
    'The store stays there and does not answer for ten seconds while five people ask without pause. Lost: an answer says ' +
    '"signed out" or takes cookies away, or somebody whose sign-in was answered is signed out afterwards. Errors and ' +
    'waiting are no loss.',
  run: (stage) => trouble(stage, 10, (store) => store.freeze()),
};

export const storeKilled: Drill = {
  id: 'store-killed',
  title: 'Store killed and restarted, under load',
  does:
    'The store is killed with SIGKILL while five people ask without pause, and started again five seconds later. Lost: as ' +
    'when it is frozen.',
  run: (stage) => trouble(stage, 5, (store) => store.break()),
};

async function trouble(stage: Stage, seconds: number, begin: (store: StoreControl) => Promise<void>) {
  const { system } = stage;
  if (!isApplicable(system.store)) return notApplicable(system.store.notApplicable);
  const { store } = system;
  stage.evidence.note(store.description);
  await system.start();
  const people = await signInPeople(stage, PEOPLE);
  // What is renewed for the second time has to be written down as well: reading alone would be no trouble.
  await stage.passTime(SIX_MINUTES);
  await stage.visitor().signUp('newcomer');
  const load = startLoad(system, people);
  const waitMs = stage.seconds(seconds) * 1000;
  await pause(300);
  stage.afterwards(() => store.restore());
  await begin(store);
  // And once more while it is away, so that there is something to renew then.
  await stage.passTime(SIX_MINUTES);
  stage.progress(1, 3);
  const newcomers = await signInDuring(stage, waitMs);
  await store.restore();
  stage.progress(2, 3);
  await pause(300);
  const report = await load.stop();
  const recoveredMs = await untilAnswering(stage);
  const lost = (await countLost(people)) + (await countLost(newcomers.signedIn));
  stage.evidence.note(
    `${waitMs / 1000} s of it: ${report.answers} answers, ${report.unknown} "nobody knows" or none, ${report.wrong} ` +
      `"signed out", ${report.cleared} took cookies away; answering again after ${Math.round(recoveredMs)} ms; ` +
      `${newcomers.tried} sign-ins meanwhile, of which ${newcomers.signedIn.length} were answered yes`,
  );
  return judge(
    report.wrong + report.cleared + lost,
    report.answers + people.length + newcomers.signedIn.length,
    `answers or people (${report.wrong} "signed out", ${report.cleared} took cookies away, ${lost} people signed out for good)`,
    `${report.answers} answers, none "signed out"; ${report.unknown} said that nobody knows`,
  );
}

/** For so long, somebody new tries to sign in, which needs the store to write. Answers whose sign-in was answered with yes. */
async function signInDuring(stage: Stage, forMs: number): Promise<{ tried: number; signedIn: readonly Person[] }> {
  const until = performance.now() + forMs;
  const signedIn: Person[] = [];
  let tried = 0;
  while (performance.now() < until) {
    tried += 1;
    const person = { user: 'newcomer', visitor: stage.visitor() };
    const timeoutMs = Math.max(100, Math.min(SIGN_IN_LIMIT_MS, until - performance.now()));
    const done = await person.visitor.signInAgain(person.user, { timeoutMs }).then(
      () => true,
      () => false,
    );
    if (done) signedIn.push(person);
    await pause(Math.max(0, Math.min(200, until - performance.now())));
  }
  return { tried, signedIn };
}

/** Waits until a stranger gets a yes or a no. */
async function untilAnswering(stage: Stage): Promise<number> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < RECOVERY_LIMIT_MS) {
    const who = await stage.visitor().whoAmI({ timeoutMs: 2000 });
    if (who.state !== 'unknown') break;
    await pause(100);
  }
  return performance.now() - startedAt;
}
