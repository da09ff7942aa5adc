/** Two requests of one page save different things at the same time. */
import { isApplicable } from '../adapter.ts';
import { judge, notApplicable } from '../run/outcome.ts';
import type { Drill } from './drill.ts';

const WRITE_MS = 5;

export const parallelWriters: Drill = {
  id: 'parallel-writers',
  title: 'Two parallel writers',
  does:
    'Two requests write different keys of one session at the same time, each in a handler of 5 ms, 200 times. Lost: a ' +
    'round after which one of the two values is not there, or in which a write was refused.',
  async run(stage) {
    const { values } = stage.system.routes;
    if (!isApplicable(values)) return notApplicable(values.notApplicable);
    await stage.system.start();
    const visitor = stage.visitor();
    await visitor.signIn('ada');
    const rounds = stage.rounds(200);
    let lost = 0;
    for (let round = 0; round < rounds; round++) {
      const value = String(round);
      const answers = await Promise.all(
        ['left', 'right'].map((key) => visitor.ask(values.write(key, value, WRITE_MS))),
      );
      const refused = answers.some(({ status }) => status >= 400);
      const kept = [await visitor.readValue('left'), await visitor.readValue('right')];
      if (refused || kept.some((each) => each !== value)) lost += 1;
      stage.progress(round + 1, rounds);
    }
    return judge(lost, rounds, 'rounds lost one of two writes', `${rounds} rounds, both values there`);
  },
};
