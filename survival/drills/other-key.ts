/** Somebody deploys with a wrong key. */
import { isApplicable } from '../adapter.ts';
import { judge, notApplicable, refusedSafely } from '../run/outcome.ts';
import type { Drill } from './drill.ts';
import { countLost } from './load.ts';
import { signInPeople } from './people.ts';

export const otherKey: Drill = {
  id: 'other-key',
  title: 'Restart with another key',
  does:
    'Restarts with a key that the system has never seen. Refused safely: it does not start, and with the right key ' +
    'everybody is still signed in. Lost: it starts and people are signed out.',
  async run(stage) {
    await stage.system.start();
    const people = await signInPeople(stage, 5);
    const outcome = await stage.system.restartWithOtherKey();
    if (!isApplicable(outcome)) return notApplicable(outcome.notApplicable);
    if (outcome.started) {
      const lost = await countLost(people);
      return judge(
        lost,
        people.length,
        'people were signed out, without a word at the start',
        'started, nobody noticed',
      );
    }
    stage.evidence.note(`did not start (exit ${outcome.exitStatus}) and said: ${outcome.said.trim().slice(0, 600)}`);
    await stage.system.restartWithFormerKey();
    const lost = await countLost(people);
    if (lost > 0) return judge(lost, people.length, 'people were signed out although it had refused to start', '');
    return refusedSafely(`refused to start (exit ${outcome.exitStatus}); with the right key nobody was signed out`);
  },
};
