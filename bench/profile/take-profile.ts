/** Where the microseconds of a request go in one system, under the load that its throughput was measured with. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runWrk } from '../load/run-wrk.ts';
import { LOAD_CORE, SERVER_CORE } from '../run/rounds.ts';
import { Subject, type SubjectOptions } from '../run/subject.ts';
import type { System } from '../system.ts';
import { type CpuProfile, selfTimes } from './self-times.ts';

const CONNECTIONS = 64;
const LIMIT_MS = 20_000;

export type ProfileOptions = Omit<SubjectOptions, 'cores'> & { readonly seconds: number; readonly sessions: number };

/** Microseconds of one request by function. Recording itself slows everything down a little, in all systems alike. */
export async function takeProfile(system: System, options: ProfileOptions): Promise<ReadonlyMap<string, number>> {
  const file = join(options.scratch, `${system.name}.profile.json`);
  const subject = await Subject.start(system, {
    ...options,
    cores: String(SERVER_CORE),
    nodeArguments: ['--import', join(options.root, 'bench/profile/recorder.ts')],
    extraEnvironment: { BENCH_PROFILE: file },
  });
  try {
    await subject.signIn(options.sessions);
    const load = { port: subject.port, file: subject.requestFile, connections: CONNECTIONS };
    await runWrk(LOAD_CORE, { ...load, seconds: 2 });
    await signal(subject, file);
    const { requests } = await runWrk(LOAD_CORE, { ...load, seconds: options.seconds });
    const profile = JSON.parse(await signal(subject, file)) as CpuProfile;
    return selfTimes(profile, requests);
  } finally {
    await subject.stop();
    rmSync(file, { force: true });
  }
}

/** Tells the recorder to begin or to end, and waits until it has. */
async function signal(subject: Subject, file: string): Promise<string> {
  rmSync(file, { force: true });
  process.kill(subject.pid, 'SIGUSR2');
  for (const deadline = performance.now() + LIMIT_MS; !existsSync(file); ) {
    if (performance.now() > deadline) throw new Error(`${subject.system.name} recorded no profile`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return readFileSync(file, 'utf8');
}
