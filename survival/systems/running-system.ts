/** A system made from a recipe: its processes, its directories, its keys and its clock. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  isApplicable,
  type Maybe,
  type Routes,
  type StartOutcome,
  type StoreControl,
  type System,
} from '../adapter.ts';
import { send } from '../http/client.ts';
import { freePort } from '../process/free-port.ts';
import { removeAtExit } from '../process/leftovers.ts';
import { ProcessGroup } from '../process/process-group.ts';
import { ORIGIN_HEADERS } from '../visitor/site.ts';
import type { ExternalStore, Place, Recipe } from './recipe.ts';

/** How long a process may take to notice that its clock has been moved. */
const CLOCK_MS = 25;

/** Makes a system that is not started yet. */
export async function createSystem(recipe: Recipe): Promise<System> {
  const root = mkdtempSync(join(tmpdir(), `survival-${recipe.id}-`));
  const forget = removeAtExit(() => rmSync(root, { recursive: true, force: true }));
  for (const name of ['data', 'home', 'store']) mkdirSync(join(root, name), { mode: 0o700 });
  const external = recipe.startStore === null ? null : await recipe.startStore(join(root, 'store'));
  const place: Place = {
    port: await freePort(),
    root,
    data: join(root, 'data'),
    home: join(root, 'home'),
    rebuilt: false,
    workers: recipe.workers,
    storeUrl: external?.url ?? '',
  };
  return new RunningSystem(recipe, place, external, forget);
}

function newKey(): string {
  return randomBytes(32).toString('base64url');
}

class RunningSystem implements System {
  readonly store: Maybe<StoreControl>;
  readonly #recipe: Recipe;
  readonly #external: ExternalStore | null;
  readonly #forget: () => void;
  #place: Place;
  #ring: readonly string[] = [newKey()];
  #formerRing: readonly string[] = this.#ring;
  #group: ProcessGroup | null = null;
  #homes = 1;

  constructor(recipe: Recipe, place: Place, external: ExternalStore | null, forget: () => void) {
    this.#recipe = recipe;
    this.#place = place;
    this.#external = external;
    this.#forget = forget;
    this.store = external?.control ?? recipe.embeddedStore(() => this.#place);
    writeFileSync(this.#clockFile, recipe.clockText(0));
  }

  get id(): string {
    return this.#recipe.id;
  }

  get title(): string {
    return this.#recipe.title;
  }

  get version(): string {
    return this.#recipe.version();
  }

  get workers(): number {
    return this.#recipe.workers;
  }

  get port(): number {
    return this.#place.port;
  }

  get routes(): Routes {
    return this.#recipe.routes;
  }

  get output(): string {
    return this.#group?.output ?? '';
  }

  async start(): Promise<void> {
    const outcome = await this.#launch(this.#ring);
    if (!outcome.started) throw new Error(`${this.title} did not start (${outcome.exitStatus}):\n${outcome.said}`);
  }

  async stop(): Promise<void> {
    await this.#group?.stop();
    this.#group = null;
  }

  async kill9(): Promise<void> {
    await this.#group?.kill();
    this.#group = null;
  }

  async rebuild(): Promise<Maybe<string>> {
    await this.stop();
    rmSync(this.#place.home, { recursive: true, force: true });
    const home = join(this.#place.root, `home-${++this.#homes}`);
    mkdirSync(home);
    const place = { ...this.#place, home, rebuilt: true };
    const done = await this.#recipe.rebuild(place);
    if (!isApplicable(done)) return done;
    this.#place = place;
    await this.start();
    return done;
  }

  async rotateKey(): Promise<Maybe<string>> {
    const { rotation } = this.#recipe;
    const ring = rotation.ring ? [newKey(), ...this.#ring] : [newKey()];
    const environment = this.#recipe.keys(ring);
    if (!isApplicable(environment)) return environment;
    await this.stop();
    this.#ring = ring;
    await this.start();
    return rotation.documented;
  }

  async restartWithOtherKey(): Promise<Maybe<StartOutcome>> {
    const ring = [newKey()];
    const environment = this.#recipe.keys(ring);
    if (!isApplicable(environment)) return environment;
    await this.stop();
    this.#formerRing = this.#ring;
    return this.#launch(ring);
  }

  async restartWithFormerKey(): Promise<void> {
    await this.stop();
    this.#ring = this.#formerRing;
    await this.start();
  }

  startWithoutKey(): Promise<Maybe<StartOutcome>> {
    return this.#launch([]);
  }

  async setClock(offsetSeconds: number): Promise<Maybe<string>> {
    const clock = this.#recipe.clock(this.#clockFile);
    if (!isApplicable(clock)) return clock;
    writeFileSync(this.#clockFile, this.#recipe.clockText(offsetSeconds));
    await pause(CLOCK_MS);
    return clock.how;
  }

  async dispose(): Promise<void> {
    await this.kill9();
    await this.#external?.stop();
    rmSync(this.#place.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    this.#forget();
  }

  get #clockFile(): string {
    return join(this.#place.root, 'clock');
  }

  async #launch(ring: readonly string[]): Promise<StartOutcome> {
    await this.kill9();
    const program = this.#recipe.program(this.#place);
    const clock = this.#recipe.clock(this.#clockFile);
    const keys = ring.length === 0 ? {} : this.#recipe.keys(ring);
    const environment = {
      ...program.environment,
      ...(isApplicable(keys) ? keys : {}),
      ...(isApplicable(clock) ? clock.environment : {}),
    };
    const group = new ProcessGroup({ ...program, environment });
    this.#group = group;
    try {
      await group.until(() => this.#isReady());
      return { started: true };
    } catch (error) {
      const said = group.output === '' ? String(error) : group.output;
      await group.kill();
      return { started: false, exitStatus: await group.ended(), said };
    }
  }

  async #isReady(): Promise<boolean> {
    const plan = { method: 'GET', path: this.#recipe.readyPath };
    try {
      // Twice per process, so that several of them have come up; two seconds are long for a page that says "ready".
      const asked = Array.from({ length: this.workers * 2 }, () =>
        send(plan, { port: this.port, headers: ORIGIN_HEADERS, timeoutMs: 2000 }),
      );
      return (await Promise.all(asked)).every(({ status }) => status < 500);
    } catch {
      return false;
    }
  }
}
