/** One process of the application: started, asked, killed, and never left behind. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '../process/free-port.ts';
import { removeAtExit } from '../process/leftovers.ts';
import type { AppFigures, AppQuestion } from './app-messages.ts';
import type { StoreSpec } from './store-spec.ts';

const APP = fileURLToPath(new URL('app.ts', import.meta.url));
const START_MS = 30_000;
const ANSWER_MS = 15_000;
const STOP_MS = 10_000;
const OUTPUT_KEPT = 4000;

export interface AppProcess {
  readonly port: number;
  /** The last of what it wrote. */
  readonly output: string;
  /** How it ended without being asked to; null while it runs as it should. */
  readonly died: string | null;
  setClock(offsetMs: number): Promise<void>;
  figures(settled?: boolean): Promise<AppFigures>;
  /** SIGKILL, as when the machine goes; `start` brings it back on the same port. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it; answers when it serves. */
export async function startApp(spec: StoreSpec, secret: string): Promise<AppProcess> {
  const port = await freePort();
  let child: ChildProcess | null = null;
  let forget = (): void => {};
  let output = '';
  let died: string | null = null;
  let offsetMs = 0;
  let wanted = false;
  let serving = false;
  /** One question at a time, because answers do not say what they answer. */
  let tail: Promise<unknown> = Promise.resolve();

  async function start(): Promise<void> {
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
    const started = fork(APP, [], {
      execArgv: ['-C', 'holdfast-source', '--expose-gc', '--disable-warning=ExperimentalWarning'],
      env: {
        ...inherited,
        NODE_ENV: 'production',
        PORT: String(port),
        STORE: JSON.stringify(spec),
        SESSION_SECRET: secret,
        CLOCK_OFFSET_MS: String(offsetMs),
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = started;
    wanted = true;
    forget = removeAtExit(() => started.kill('SIGKILL'));
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-OUTPUT_KEPT);
    };
    started.stdout?.on('data', keep);
    started.stderr?.on('data', keep);
    started.once('exit', (code, signal) => {
      forget();
      if (wanted && child === started) died = signal ?? `status ${code}`;
    });
    await Promise.race([
      once(started, 'message', { signal: AbortSignal.timeout(START_MS) }),
      once(started, 'exit').then(() => {
        throw new Error(`the application ended at its start:\n${output}`);
      }),
    ]);
    serving = true;
  }

  function ask(question: AppQuestion): Promise<unknown> {
    const answer = tail.then(async () => {
      // Until it serves, its first message says that it does, and answers nothing.
      if (child === null || died !== null || !serving)
        throw new Error(`the application has ended (${died}):\n${output}`);
      const came = once(child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
      child.send(question);
      const [message] = (await came) as [unknown];
      return message;
    });
    tail = answer.catch(() => {});
    return answer;
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    wanted = false;
    serving = false;
    const ending = child;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const ended = once(ending, 'exit');
    ending.kill(signal);
    const timer = setTimeout(() => ending.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(timer);
  }

  await start();
  return {
    port,
    get output() {
      return output;
    },
    get died() {
      return died;
    },
    async setClock(moved) {
      offsetMs = moved;
      if (died === null) await ask({ ask: 'clock', offsetMs });
    },
    figures: async (settled = false) => (await ask({ ask: 'figures', settled })) as AppFigures,
    kill: () => end('SIGKILL'),
    start,
    stop: () => end('SIGTERM'),
  };
}
