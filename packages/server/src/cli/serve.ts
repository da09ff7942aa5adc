/** `holdfast serve`: starts one process or several, and says in friendly words where everything is. */
import cluster from 'node:cluster';
import { type Config, ConfigError } from '../config/config.ts';
import { receiveTask, runFleet, tellFleet } from './fleet.ts';
import { freePort } from './free-port.ts';
import { loadForStart, reportProblems, withData } from './load.ts';
import { complain, EXIT, say } from './output.ts';
import { type RunningService, runService } from './run-service.ts';

export interface ServeOptions {
  readonly workers: number;
  readonly acceptSignOut: boolean;
}

/** Serves until SIGTERM or SIGINT; answers the exit status. */
export async function serve({ workers, acceptSignOut }: ServeOptions): Promise<number> {
  const { config: read, warnings } = await loadForStart();
  for (const warning of warnings) complain(`holdfast: ${warning}`);
  const { config: settled, keyPath, keyCreated } = withData(read);
  const config = settled.port === 0 ? { ...settled, port: await freePort(settled.host) } : settled;
  const greet = (publicUrl: string): void => greeting(config, publicUrl, keyPath, keyCreated);
  if (workers > 1) {
    const onRestart = (pid: number, cause: string): void =>
      complain(`holdfast: worker ${pid} ended (${cause}); starting another one`);
    return runFleet({ workers, config, acceptSignOut, onReady: greet, onRefused: reportProblems, onRestart });
  }
  const signal = stopSignal();
  const service = await runService({ config, acceptSignOut }, signal.heed);
  greet(service.publicUrl);
  await signal.given;
  return stopped(service);
}

/** A worker of a fleet: the same without words. */
export async function serveAsWorker(): Promise<number> {
  // Ctrl-C reaches the whole group of processes; the first process says when to stop.
  process.on('SIGINT', () => {});
  try {
    const signal = stopSignal();
    const service = await runService(await receiveTask(), signal.heed);
    await tellFleet({ ready: service.publicUrl });
    process.once('disconnect', () => void service.stop().then(() => process.exit(EXIT.failure)));
    await signal.given;
    return await stopped(service);
  } catch (error) {
    if (error instanceof ConfigError) {
      await tellFleet({ refused: error.problems });
      return EXIT.config;
    }
    throw error;
  }
}

/** Until `heed` is called a signal ends the process at once, as nothing is under way yet. */
function stopSignal(): { readonly given: Promise<void>; readonly heed: () => void } {
  const { promise: given, resolve } = Promise.withResolvers<void>();
  return {
    given,
    heed() {
      process.once('SIGTERM', () => resolve());
      if (!cluster.isWorker) process.once('SIGINT', () => resolve());
    },
  };
}

async function stopped(service: RunningService): Promise<number> {
  return (await service.stop()) ? EXIT.ok : EXIT.failure;
}

function whereThingsLive({ databaseUrl, redisUrl, dataDir }: Config): string {
  if (databaseUrl !== null) {
    return `Accounts and sessions live in PostgreSQL${redisUrl === null ? '' : ', with Redis in front for the sessions'}`;
  }
  if (redisUrl !== null) return `Sessions live in Redis, accounts in ${dataDir}`;
  return `Accounts and sessions live in ${dataDir}`;
}

function greeting(config: Config, publicUrl: string, keyPath: string | null, keyCreated: boolean): void {
  if (config.profile === 'production') return;
  say();
  say(`  Holdfast is running at ${publicUrl}`);
  say(`  ${whereThingsLive(config)}`);
  if (keyPath !== null) {
    say(`  ${keyCreated ? 'A key for this machine was made' : 'The key of this machine is'} in ${keyPath}.`);
    say('  It is for development only: production needs SESSION_SECRET (holdfast keys generate).');
  }
  say('  Cookies go without Secure and __Host- here, because this is plain http on your own machine.');
  say('  Stop with Ctrl-C; people stay signed in.');
  say();
}
