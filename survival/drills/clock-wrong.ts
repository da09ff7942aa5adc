/** A server whose clock is wrong, and is set right again. */
import { isApplicable } from '../adapter.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill } from './drill.ts';
import { countLost } from './load.ts';
import { signInPeople } from './people.ts';

const OFFSETS = [300, -300, 3600, -3600];
const describe = (seconds: number): string => `${seconds > 0 ? '+' : '−'}${Math.abs(seconds) / 60} min`;

export const clockWrong: Drill = {
  id: 'clock-wrong',
  title: 'Clock 5 min and 1 h wrong',
  does:
    'Sets the clock of the system five minutes and an hour wrong in either direction, while people are signed in and ' +
    'while they sign in, and right again. The visitors’ clocks stay right. Lost: whoever is signed out by it.',
  async run(stage) {
    await stage.system.start();
    const people = [...(await signInPeople(stage, 2))];
    const lost: string[] = [];
    const check = async (when: string): Promise<void> => {
      const count = await countLost(people);
      if (count > 0) lost.push(`${when}: ${count} of ${people.length}`);
    };
    let tried = 0;
    for (const offset of OFFSETS) {
      const done = await stage.system.setClock(offset);
      if (!isApplicable(done)) return notApplicable(done.notApplicable);
      if (tried === 0) stage.evidence.note(done);
      await check(`clock ${describe(offset)}`);
      const visitor = stage.visitor();
      await visitor.signIn(`person-${offset}`);
      people.push({ user: `person-${offset}`, visitor });
      await check(`signed in at ${describe(offset)}`);
      await stage.system.setClock(0);
      await check(`right again after ${describe(offset)}`);
      tried += 3;
      stage.progress(tried, OFFSETS.length * 3);
    }
    for (const each of lost) stage.evidence.note(each);
    return judge(
      lost.length,
      tried,
      `moments at which people were signed out (${lost.join('; ')})`,
      `${tried} moments`,
    );
  },
};
