/** What a hundred sign-ins at once do to everybody who is signed in already. Both cores are the service's; the load has one of them. */
import { runOpenLoop } from '../load/run-open-loop.ts';
import { runWrk } from '../load/run-wrk.ts';
import { median } from '../report/statistics.ts';
import type { Drill } from '../results.ts';
import { Client } from '../run/client.ts';
import { LOAD_CORE, SERVER_CORE } from '../run/rounds.ts';
import { Subject } from '../run/subject.ts';
import { systemOf } from '../systems.ts';
import { CONNECTIONS, type DrillOptions, load } from './drill.ts';

/** Index of a session of an account that none of the measured sessions belongs to: an account has a limit of sessions. */
const OTHER_ACCOUNT = 50_000;

export async function drillHashing(options: DrillOptions): Promise<Drill> {
  const subject = await Subject.start(systemOf('service-sqlite'), { ...options, cores: `${SERVER_CORE},${LOAD_CORE}` });
  try {
    await subject.signIn(100);
    const rate = 500;
    const task = { ...load(subject), rate, connections: CONNECTIONS };
    await new Client(subject.origin).signIn(subject.system.signIn?.(OTHER_ACCOUNT) ?? []);
    await runWrk(LOAD_CORE, { ...load(subject), connections: CONNECTIONS, seconds: 2 });
    const calm: number[] = [];
    const busy: number[] = [];
    for (let round = 0; round < options.rounds; round++) {
      calm.push((await runOpenLoop(LOAD_CORE, { ...task, seconds: options.seconds })).p99);
      const hashing = keepSigningIn(subject, 100);
      busy.push((await runOpenLoop(LOAD_CORE, { ...task, seconds: options.seconds })).p99);
      await hashing.stop();
    }
    // Throws when somebody was signed out meanwhile: a quick "no" must not count as an answer.
    await subject.refresh();
    return {
      name: 'hashing',
      value: Math.round((median(busy) / median(calm)) * 100) / 100,
      detail: `p99 at ${rate}/s: ${median(calm)} µs idle, ${median(busy)} µs while 100 sign-ins are under way`,
    };
  } finally {
    await subject.stop();
  }
}

/** Keeps the given number of sign-ins under way, with the right password, until it is told to stop. */
function keepSigningIn(subject: Subject, parallel: number): { stop(): Promise<void> } {
  let stopped = false;
  const [step] = subject.system.signIn?.(OTHER_ACCOUNT + 1) ?? [];
  if (step === undefined) throw new Error(`${subject.system.name} has no sign-in`);
  const one = async (): Promise<void> => {
    while (!stopped) {
      const response = await fetch(`${subject.origin}${step.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify(step.body),
      });
      await response.arrayBuffer();
    }
  };
  const all = Promise.all(Array.from({ length: parallel }, one));
  return {
    async stop() {
      stopped = true;
      await all;
    },
  };
}
