/** The power button: every process killed while people are signing in and asking. */
import { setTimeout as pause } from 'node:timers/promises';
import { isApplicable } from '../adapter.ts';
import { NoAnswer } from '../http/client.ts';
import { judge } from '../run/outcome.ts';
import type { Drill, Stage } from './drill.ts';
import { countLost, type Person, startLoad } from './load.ts';
import { signInPeople } from './people.ts';

export const kill9: Drill = {
  id: 'kill9',
  title: 'kill -9 under load',
  does:
    'Kills every process with SIGKILL while five people ask without pause and others sign in and save values, three times. ' +
    'Lost: a sign-in or a value that had been answered and is gone, or an answer that says "signed out".',
  async run(stage) {
    await stage.system.start();
    const people = [...(await signInPeople(stage, 5))];
    await stage.visitor().signUp('newcomer');
    const saved: { person: Person; key: string }[] = [];
    const rounds = stage.rounds(3, 1);
    let wrong = 0;
    let answers = 0;
    for (let round = 0; round < rounds; round++) {
      const load = startLoad(stage.system, people);
      const signingIn = keepSigningIn(stage, `round-${round}`, people, saved);
      await pause(500);
      await stage.system.kill9();
      const report = await load.stop();
      await signingIn;
      wrong += report.wrong;
      answers += report.answers;
      await stage.system.start();
      stage.progress(round + 1, rounds);
    }
    const lostPeople = await countLost(people);
    let lostValues = 0;
    for (const { person, key } of saved) {
      if ((await person.visitor.readValue(key).catch(() => null)) !== key) lostValues += 1;
    }
    stage.evidence.note(`${people.length} sign-ins and ${saved.length} values had been answered before a kill`);
    return judge(
      lostPeople + lostValues + wrong,
      people.length + saved.length + answers,
      `${lostPeople} people signed out, ${lostValues} saved values gone, ${wrong} wrong answers`,
      `${rounds} kills; all ${people.length} answered sign-ins and ${saved.length} answered values are there`,
    );
  },
};

/** Signs in and saves values until the system is gone; remembers only what was answered. */
async function keepSigningIn(
  stage: Stage,
  round: string,
  people: Person[],
  saved: { person: Person; key: string }[],
): Promise<void> {
  const { values } = stage.system.routes;
  try {
    for (let i = 0; i < 200; i++) {
      const person = { user: 'newcomer', visitor: stage.visitor() };
      await person.visitor.signInAgain(person.user);
      people.push(person);
      if (!isApplicable(values)) continue;
      const key = `${round}-${i}`;
      const { status } = await person.visitor.ask(values.write(key, key, 0));
      if (status < 400) saved.push({ person, key });
    }
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
}
