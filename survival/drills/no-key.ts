/** Somebody forgets the key. */
import { isApplicable } from '../adapter.ts';
import { lostSome, notApplicable, refusedSafely, survived } from '../run/outcome.ts';
import type { Drill } from './drill.ts';
import { countLost } from './load.ts';
import { signInPeople } from './people.ts';

export const noKey: Drill = {
  id: 'no-key',
  title: 'Start without a key in production',
  does:
    'Starts with production settings and no key. Refused safely: it does not start, or serves nobody. Lost: it signs ' +
    'people in with a key of its own making, and after a restart they are gone.',
  async run(stage) {
    const outcome = await stage.system.startWithoutKey();
    if (!isApplicable(outcome)) return notApplicable(outcome.notApplicable);
    if (!outcome.started) {
      stage.evidence.note(`did not start (exit ${outcome.exitStatus}) and said: ${outcome.said.trim().slice(0, 600)}`);
      return refusedSafely(`refused to start (exit ${outcome.exitStatus})`);
    }
    try {
      const people = await signInPeople(stage, 3);
      await stage.system.startWithoutKey();
      const lost = await countLost(people);
      if (lost === 0) return survived('signs people in without a configured key, and knows them after a restart');
      return lostSome(lost, people.length, 'people were signed in with a random key, and out by the next start');
    } catch (error) {
      stage.evidence.note(error instanceof Error ? error.message : String(error));
      return refusedSafely('starts, but refuses every sign-in');
    }
  },
};
