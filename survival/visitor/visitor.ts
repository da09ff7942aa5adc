/** A person with a browser: one cookie jar, and the headers that a page of the application would send. */
import type { Agent } from 'node:http';
import { isApplicable, type System, type Who } from '../adapter.ts';
import { type Answer, NoAnswer, type RequestPlan, send } from '../http/client.ts';
import { CookieJar } from '../http/cookie-jar.ts';
import type { Evidence } from '../run/evidence.ts';
import { HOST, ORIGIN, ORIGIN_HEADERS } from './site.ts';

export interface AskOptions {
  readonly agent?: Agent;
  readonly timeoutMs?: number;
  /** The answer arrives, and its cookies get lost on the way. */
  readonly dropCookies?: boolean;
  readonly hangUp?: boolean;
  /** Through this port instead of the system's own, such as a proxy's. */
  readonly port?: number;
  /** Replaces the jar's Cookie header. */
  readonly cookie?: string;
  /** Acts on the headers alone, without waiting for the body. */
  readonly onHeaders?: (setCookie: readonly string[], location: string | undefined) => void;
}

export interface VisitorOptions {
  readonly system: System;
  readonly evidence: Evidence;
  /** Milliseconds since 1970, as the visitor's machine has it. */
  readonly clock: () => number;
}

export class Visitor {
  readonly jar: CookieJar;
  readonly #options: VisitorOptions;

  constructor(options: VisitorOptions, jar: CookieJar = new CookieJar({ clock: options.clock })) {
    this.#options = options;
    this.jar = jar;
  }

  /** Somebody who has a copy of the cookies. */
  copy(): Visitor {
    return new Visitor(this.#options, this.jar.copy());
  }

  /** Rejects with `NoAnswer` when there is none. */
  async ask(plan: RequestPlan, options: AskOptions = {}): Promise<Answer> {
    const { system, evidence } = this.#options;
    const cookie = options.cookie ?? this.jar.header(HOST, plan.path);
    const safe = plan.method === 'GET' || plan.method === 'HEAD';
    const headers = {
      ...ORIGIN_HEADERS,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) survival',
      'sec-fetch-site': 'same-origin',
      ...(safe ? {} : { origin: ORIGIN }),
      ...(cookie === '' ? {} : { cookie }),
    };
    const { agent, timeoutMs, hangUp, onHeaders } = options;
    try {
      const answer = await send(plan, {
        port: options.port ?? system.port,
        headers,
        ...(agent === undefined ? {} : { agent }),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(hangUp === undefined ? {} : { hangUp }),
        onHeaders: (setCookie, location) => {
          if (options.dropCookies !== true) this.jar.keep(HOST, plan.path, setCookie);
          onHeaders?.(setCookie, location);
        },
      });
      evidence.answered(plan, answer);
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer) evidence.unanswered(plan, error.message);
      throw error;
    }
  }

  /** Makes the account where one is needed, and signs in. Throws when that is refused. */
  async signIn(user: string): Promise<void> {
    await this.signUp(user);
    await this.signInAgain(user);
  }

  /** Makes the account where one is needed, in another browser. */
  async signUp(user: string): Promise<void> {
    const { signUp } = this.#options.system.routes;
    if (signUp !== null) await new Visitor(this.#options).#expectSuccess(signUp(user));
  }

  /** Signs in to an account that there is. */
  async signInAgain(user: string, options: AskOptions = {}): Promise<void> {
    await this.#expectSuccess(this.#options.system.routes.signIn(user), options);
  }

  /** Who the system says one is. No answer is `unknown`, never "signed out". */
  async whoAmI(options: AskOptions = {}): Promise<Who> {
    const { routes } = this.#options.system;
    try {
      return routes.who(await this.ask(routes.whoAmI(), options));
    } catch (error) {
      if (error instanceof NoAnswer) return { state: 'unknown', why: error.message };
      throw error;
    }
  }

  /** Whether the system says that one is this user. */
  async isKnownAs(user: string, options: AskOptions = {}): Promise<boolean> {
    const who = await this.whoAmI(options);
    return who.state === 'signed-in' && who.user === user;
  }

  signOut(options: AskOptions = {}): Promise<Answer> {
    return this.ask(this.#options.system.routes.signOut(), options);
  }

  /** The value of a key in the session; null when it has none, or when the system knows no values. */
  async readValue(key: string, options: AskOptions = {}): Promise<string | null> {
    const { values } = this.#options.system.routes;
    if (!isApplicable(values)) return null;
    return values.value(await this.ask(values.read(key), options));
  }

  async #expectSuccess(plan: RequestPlan, options: AskOptions = {}): Promise<void> {
    const answer = await this.ask(plan, options);
    if (answer.status >= 400) {
      throw new Error(`${plan.method} ${plan.path} was answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    }
  }
}
