/** `holdfast serve`: starts one process or several, and says in friendly words where everything is. */
import cluster from 'node:cluster';
import { type Config, ConfigError } from '../config/config.ts';
import { receiveTask, runFleet, tellFleet } from './fleet.ts';
import { freePort } from './free-port.ts';
import { loadForCommand, reportProblems, withData } from './load.ts';
import { complain, EXIT, say } from './output.ts';
import { runService } from './run-service.ts';

export interface ServeOptions {
  readonly workers: number;
  readonly acceptSignOut: boolean;
}

/** Serves until SIGTERM or SIGINT; answers the exit status. */
export async function serve({ workers, acceptSignOut }: ServeOptions): Promise<number> {
  const { config: read, warnings } = loadForCommand();
  for (const warning of warnings) complain(`holdfast: ${warning}`);
  const { config: settled, keyPath, keyCreated } = withData(read);
  const config = settled.port === 0 ? { ...settled, port: await freePort(settled.host) } : settled;
  const greet = (publicUrl: string): void => greeting(config, publicUrl, keyPath, keyCreated);
  if (workers > 1) {
    const onRestart = (pid: number, cause: string): void =>
      complain(`holdfast: worker ${pid} ended (${cause}); starting another one`);
    return runFleet({ workers, config, acceptSignOut, onReady: greet, onRefused: reportProblems, onRestart });
  }
  const service = await runService({ config, acceptSignOut });
  greet(service.publicUrl);
  return untilStopped(() => service.stop());
}

/** A worker of a fleet: the same without words. */
export async function serveAsWorker(): Promise<number> {
  // Ctrl-C reaches the whole group of processes; the first process says when to stop.
  process.on('SIGINT', () => {});
  try {
    const service = await runService(await receiveTask());
    await tellFleet({ ready: service.publicUrl });
    process.once('disconnect', () => void service.stop().then(() => process.exit(EXIT.failure)));
    return await untilStopped(() => service.stop());
  } catch (error) {
    if (error instanceof ConfigError) {
      await tellFleet({ refused: error.problems });
      return EXIT.config;
    }
    throw error;
  }
}

function untilStopped(stop: () => Promise<boolean>): Promise<number> {
  return new Promise((resolve) => {
    const end = (): void => {
      void stop().then((finished) => resolve(finished ? EXIT.ok : EXIT.failure));
    };
    process.once('SIGTERM', end);
    if (!cluster.isWorker) process.once('SIGINT', end);
  });
}

function greeting(config: Config, publicUrl: string, keyPath: string | null, keyCreated: boolean): void {
  if (config.profile === 'production') return;
  say();
  say(`  Holdfast is running at ${publicUrl}`);
  say(`  Accounts and sessions live in ${config.dataDir}`);
  if (keyPath !== null) {
    say(`  ${keyCreated ? 'A key for this machine was made' : 'The key of this machine is'} in ${keyPath}.`);
    say('  It is for development only: production needs SESSION_SECRET (holdfast keys generate).');
  }
  say('  Cookies go without Secure and __Host- here, because this is plain http on your own machine.');
  say('  Stop with Ctrl-C; people stay signed in.');
  say();
}
