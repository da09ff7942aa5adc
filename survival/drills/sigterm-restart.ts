/** A deployment: stopped in order, started again. */
import { judge } from '../run/outcome.ts';
import type { Drill } from './drill.ts';
import { countLost } from './load.ts';
import { signInPeople } from './people.ts';

export const sigtermRestart: Drill = {
  id: 'sigterm-restart',
  title: 'SIGTERM and start',
  does: 'Signs five people in, stops the system with SIGTERM and starts it again. Lost: whoever is not signed in then.',
  async run(stage) {
    await stage.system.start();
    const people = await signInPeople(stage, 5);
    await stage.system.stop();
    await stage.system.start();
    const lost = await countLost(people);
    return judge(lost, people.length, 'people were signed out', `${people.length} people, all still signed in`);
  },
};
