/** A service as its operator knows it: started, stopped, killed, frozen and moved, always under the same address. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Command } from './command.ts';

/** How the service runs; a restart may change any of it. */
export interface ServiceSetup {
  /** The repository that it runs from. */
  readonly code: string;
  /** The working directory of its process. */
  readonly directory: string;
  readonly dataDir: string;
  /** SESSION_SECRET; null where it is not set, and the service makes itself a key for development. */
  readonly secrets: string | null;
  /** Settings beside HOST, PORT, DATA_DIR and SESSION_SECRET. */
  readonly environment: Readonly<Record<string, string>>;
  /** Options of `holdfast serve`. */
  readonly options: readonly string[];
  /** How far its clock is ahead of ours. */
  readonly clockAheadSeconds: number;
}

/** How a start that was refused ended. */
export interface Refusal {
  readonly status: number | string;
  readonly output: string;
}

const READY_LIMIT_MS = 60_000;
const POLL_MS = 20;

export class Service {
  readonly port: number;
  #setup: ServiceSetup;
  #command: Command | null = null;
  #earlierOutput = '';

  constructor(port: number, setup: ServiceSetup) {
    this.port = port;
    this.#setup = setup;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get setup(): ServiceSetup {
    return this.#setup;
  }

  /** What all of its runs wrote. */
  get log(): string {
    return this.#earlierOutput + (this.#command?.output ?? '');
  }

  /** What the present run wrote. */
  get output(): string {
    return this.#command?.output ?? '';
  }

  /** Starts, and resolves once it says that it is ready; of several workers the first one is enough. */
  async start(changes: Partial<ServiceSetup> = {}): Promise<void> {
    const command = this.#launch(changes);
    const deadline = Date.now() + READY_LIMIT_MS;
    while (!(await this.#isReady())) {
      assert.ok(command.isRunning, `the service ended while starting:\n${command.output}`);
      assert.ok(Date.now() < deadline, `the service was not ready in time:\n${command.output}`);
      await pause(POLL_MS);
    }
  }

  /** Resolves once the present run has written the text so many times. */
  async wrote(text: string, times: number): Promise<void> {
    const deadline = Date.now() + READY_LIMIT_MS;
    while (this.output.split(text).length - 1 < times) {
      assert.ok(Date.now() < deadline, `the service did not write "${text}" ${times} times:\n${this.output}`);
      await pause(POLL_MS);
    }
  }

  /** Starts what is expected to refuse. */
  async startRefused(changes: Partial<ServiceSetup> = {}): Promise<Refusal> {
    const command = this.#launch(changes);
    while (command.isRunning) {
      assert.ok(!(await this.#isReady()), `the service started, although it should have refused:\n${command.output}`);
      await pause(POLL_MS);
    }
    return { status: await command.ended(), output: command.output };
  }

  /** Asks it to stop, as a deployment does; answers its exit status. */
  async stop(): Promise<number | string> {
    this.#command?.ask('SIGTERM');
    return (await this.#command?.ended()) ?? 0;
  }

  /** kill -9, all processes at once. */
  async kill(): Promise<void> {
    this.#command?.signal('SIGKILL');
    await this.#command?.ended();
  }

  /** Stops it in order, then starts it again. */
  async restart(changes: Partial<ServiceSetup> = {}): Promise<void> {
    assert.equal(await this.stop(), 0, 'a stop in order ends with status 0');
    await this.start(changes);
  }

  /** Takes the processor away: connections are still accepted, and nobody answers. */
  freeze(): void {
    this.#command?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#command?.signal('SIGCONT');
  }

  /** What `holdfast keys status` prints with the present settings: key id → its row. */
  async keysStatus(): Promise<ReadonlyMap<string, { readonly role: string; readonly sessions: number }>> {
    const command = this.#run(['keys', 'status']);
    assert.equal(await command.ended(), 0, command.output);
    const rows = command.output.matchAll(/^([0-9a-f]{8}) +(signs|verifies|MISSING) +(\d+)/gm);
    return new Map([...rows].map(([, id = '', role = '', sessions]) => [id, { role, sessions: Number(sessions) }]));
  }

  async #isReady(): Promise<boolean> {
    try {
      // By address: probes are answered under any host name, and over plain http only the service itself listens here.
      const response = await fetch(`http://127.0.0.1:${this.port}/readyz`, { headers: { connection: 'close' } });
      await response.body?.cancel();
      return response.status === 200;
    } catch {
      return false;
    }
  }

  #launch(changes: Partial<ServiceSetup>): Command {
    assert.ok(this.#command?.isRunning !== true, 'the service is running already');
    this.#earlierOutput = this.log;
    this.#setup = { ...this.#setup, ...changes };
    this.#command = this.#run(['serve', ...this.#setup.options]);
    return this.#command;
  }

  #run(words: readonly string[]): Command {
    const { code, directory, dataDir, secrets, environment, clockAheadSeconds } = this.#setup;
    const settings = {
      HOST: '127.0.0.1',
      PORT: String(this.port),
      DATA_DIR: dataDir,
      ...(secrets === null ? {} : { SESSION_SECRET: secrets }),
      ...environment,
    };
    return new Command({ code, directory, environment: settings, words, clockAheadSeconds });
  }
}
