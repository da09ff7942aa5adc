/** A new key is put into use. */
import { isApplicable } from '../adapter.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill } from './drill.ts';
import { countLost } from './load.ts';
import { signInPeople } from './people.ts';

const ROTATIONS = 2;
const SIX_MINUTES = 360;

export const keyRotation: Drill = {
  id: 'key-rotation',
  title: 'Key rotation',
  does:
    'Puts a new key into use as the documentation says, twice, with minutes in between in which people come back. ' +
    'Lost: whoever is signed out by it.',
  async run(stage) {
    await stage.system.start();
    const people = await signInPeople(stage, 5);
    let lost = 0;
    for (let i = 0; i < ROTATIONS && lost === 0; i++) {
      const done = await stage.system.rotateKey();
      if (!isApplicable(done)) return notApplicable(done.notApplicable);
      stage.evidence.note(done);
      lost += await countLost(people);
      await stage.passTime(SIX_MINUTES);
      if (lost === 0) lost += await countLost(people);
      stage.progress(i + 1, ROTATIONS);
    }
    return judge(lost, people.length, 'people were signed out', `${ROTATIONS} rotations, everybody still signed in`);
  },
};
