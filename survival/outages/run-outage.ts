/** Runs one outage drill: servers, two processes, a crowd, the fault, the recovery, and a last look at everybody. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type AppProcess, startApp } from './app-process.ts';
import type { OutageDrill, Scene } from './drill.ts';
import { FAULTS, type Fault, type Incident, Ledger } from './ledger.ts';
import { Crowd } from './load.ts';
import { type ProcessFigures, watchProcesses } from './memory.ts';
import { randomFrom } from './random.ts';
import { SiteClient } from './site-client.ts';

export interface RunOptions {
  /** Shortened: shows that everything works, measures less. */
  readonly short: boolean;
  /** Default 40. */
  readonly people?: number;
  /** Requests a second, all together; default 200. */
  readonly rate?: number;
  /** Of the crowd's choices. Default: of the clock. */
  readonly seed?: number;
  /** Told what is going on. */
  readonly onStep?: (step: string) => void;
}

export interface OutageResult {
  readonly drill: string;
  readonly backend: string;
  readonly ranAt: string;
  readonly short: boolean;
  readonly seed: number;
  readonly people: number;
  readonly rate: number;
  /** How long the fault lasted, and how long it took the backend itself to come back. */
  readonly faultSeconds: number;
  readonly backendMs: number;
  readonly requests: number;
  readonly answers: Ledger['answers'];
  readonly figures: Ledger['figures'];
  /** From the end of the fault until everybody had been served. */
  readonly everybodyServedMs: number | null;
  readonly sessionsEnded: number;
  readonly counts: Readonly<Record<Fault, number>>;
  readonly incidents: readonly Incident[];
  /** People and ended sessions about whom there was no answer in the end. */
  readonly silentInTheEnd: number;
  readonly processes: readonly ProcessFigures[];
  readonly notes: readonly string[];
  /** Empty when the drill was survived. */
  readonly problems: readonly string[];
}

const PROCESSES = 2;
/** Beyond any access token's life, and beyond the grace of rotation: everybody has to refresh, and by mature tokens. */
const STEP_MS = 310_000;
const WARM_UP_MS = 500;
const FULL_BEFORE_MS = 4000;
const SHORT_BEFORE_MS = 1500;
/** Long enough that the refreshes of a step are under way and not done. */
const INTO_REFRESHES_MS = 100;
const RECOVERY_LIMIT_MS = 40_000;
const FULL_AFTER_MS = 4000;
const SHORT_AFTER_MS = 1500;

export async function runOutage(drill: OutageDrill, options: RunOptions): Promise<OutageResult> {
  const { short, people = 40, rate = 200, seed = Date.now() % 2 ** 31, onStep = () => {} } = options;
  const ledger = new Ledger();
  const apps: AppProcess[] = [];
  let scene: Scene | null = null;
  let client: SiteClient | null = null;
  let offsetMs = 0;
  try {
    onStep('starting the servers');
    const at = (index: number): AppProcess => {
      const app = apps[index];
      if (app === undefined) throw new Error(`there is no process ${index}`);
      return app;
    };
    scene = await drill.open({ kill: (index) => at(index).kill(), start: (index) => at(index).start() });
    const secret = randomBytes(32).toString('base64url');
    for (let i = 0; i < PROCESSES; i++) apps.push(await startApp(scene.store, secret));
    const ports = apps.map(({ port }) => port);
    client = new SiteClient(ports, ledger);
    const random = randomFrom(seed);
    const clock = (): number => Date.now() + offsetMs;
    const crowd = new Crowd({ client, ledger, people, rate, clock, random });
    /** Nobody asks meanwhile, because an answer that is under way for minutes is not what is tried here. */
    const letTimePass = async (): Promise<void> => {
      await crowd.stop();
      offsetMs += STEP_MS;
      await Promise.all(apps.map((app) => app.setClock(offsetMs)));
      crowd.start();
    };

    onStep('signing people in');
    await crowd.signInAll();
    await letTimePass();
    await pause(WARM_UP_MS);
    ledger.warm();
    await pause(short ? SHORT_BEFORE_MS : FULL_BEFORE_MS);
    const watch = await watchProcesses(apps);
    await letTimePass();
    await pause(INTO_REFRESHES_MS);

    onStep('the fault');
    const seconds = short ? drill.seconds.short : drill.seconds.full;
    const failedAt = performance.now();
    ledger.phase = 'during';
    await scene.fail();
    await Promise.all([pause(Math.max(0, seconds * 1000 - (performance.now() - failedAt))), scene.meanwhile?.()]);
    const mendingAt = performance.now();
    await scene.mend();
    const mendedAt = performance.now();
    ledger.phase = 'after';
    ledger.mended();

    onStep('recovering');
    const limit = mendedAt + RECOVERY_LIMIT_MS;
    while (crowd.unservedSince(mendedAt) > 0 && performance.now() < limit) await pause(20);
    const unserved = crowd.unservedSince(mendedAt);
    const everybodyServedMs = unserved === 0 ? Math.round(performance.now() - mendedAt) : null;
    await pause(short ? SHORT_AFTER_MS : FULL_AFTER_MS);
    await letTimePass();
    await pause(short ? SHORT_AFTER_MS : FULL_AFTER_MS);
    await crowd.stop();

    onStep('the last look');
    const silentInTheEnd = await crowd.lookAtAll();
    const processes = await watch.stop();
    const { answers, figures, counts, incidents } = ledger;
    const result = {
      drill: drill.id,
      backend: scene.backend,
      ranAt: new Date().toISOString(),
      short,
      seed,
      people,
      rate,
      faultSeconds: Math.round((mendingAt - failedAt) / 100) / 10,
      backendMs: Math.round(mendedAt - mendingAt),
      requests: Object.values(answers).reduce((sum, each) => sum + each, 0),
      answers,
      figures,
      everybodyServedMs,
      sessionsEnded: crowd.ghosts.length,
      counts,
      incidents,
      silentInTheEnd,
      processes,
      notes: (await scene.afterwards?.()) ?? [],
    };
    return { ...result, problems: problemsOf(result, drill, apps) };
  } finally {
    client?.close();
    await Promise.all(apps.map((app) => app.stop()));
    await scene?.stop();
  }
}

function problemsOf(
  result: Omit<OutageResult, 'problems'>,
  drill: OutageDrill,
  apps: readonly AppProcess[],
): readonly string[] {
  const problems: string[] = [];
  for (const [fault, count] of Object.entries(result.counts)) {
    if (count === 0 || drill.mayLose?.faults.includes(fault as Fault)) continue;
    problems.push(`${count} × ${FAULTS[fault as Fault]}`);
  }
  if (result.everybodyServedMs === null) problems.push(`not everybody was served within ${RECOVERY_LIMIT_MS / 1000} s`);
  if (result.silentInTheEnd > 0) problems.push(`${result.silentInTheEnd} × no answer in the end`);
  for (const app of apps) if (app.died !== null) problems.push(`a process died (${app.died}): ${app.output}`);
  for (const { unhandledRejections, warnings } of result.processes) {
    if (unhandledRejections > 0) problems.push(`${unhandledRejections} unhandled rejections`);
    if (warnings.length > 0) problems.push(`warnings: ${warnings[0]}`);
  }
  return problems;
}
