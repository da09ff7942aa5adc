/** A new machine: only the data is kept. */
import { isApplicable } from '../adapter.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill } from './drill.ts';
import { countLost } from './load.ts';
import { signInPeople } from './people.ts';

export const rebuild: Drill = {
  id: 'rebuild',
  title: 'Rebuild',
  does:
    'Stops the system, deletes everything but its data, installs it anew in another directory and starts it with the same ' +
    'configuration. Lost: whoever is not signed in then.',
  async run(stage) {
    await stage.system.start();
    const people = await signInPeople(stage, 5);
    const done = await stage.system.rebuild();
    if (!isApplicable(done)) return notApplicable(done.notApplicable);
    stage.evidence.note(done);
    const lost = await countLost(people);
    return judge(lost, people.length, 'people were signed out', `${people.length} people, all still signed in`);
  },
};
