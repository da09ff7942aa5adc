/** A person's browser as far as the benchmarks need one: it signs in, and keeps its cookies fresh. */
import type { RequestShape, SignInStep } from '../system.ts';

/** What cookies of the usual size look like to a system that does not read any. */
export const UNREAD_COOKIE = `session_access=${'x'.repeat(80)}; session_refresh=${'x'.repeat(80)}`;

export class Client {
  readonly #origin: string;
  readonly #jar = new Map<string, string>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  get cookie(): string {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async signIn(steps: readonly SignInStep[]): Promise<void> {
    for (const { path, body, allowed } of steps) {
      const response = await this.#send('POST', path, { 'content-type': 'application/json' }, JSON.stringify(body));
      if (!response.ok && response.status !== allowed) {
        throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
      }
      await response.arrayBuffer();
    }
    if (this.#jar.size === 0) throw new Error('signing in set no cookie');
  }

  /** Asks once, keeps the cookies of the answer, and answers its body; throws unless it is about somebody signed in. */
  async ask({ method, path, headers }: RequestShape): Promise<string> {
    const response = await this.#send(method, path, headers);
    const text = await response.text();
    if (response.status !== 200 || text.includes('"valid":false') || text === 'null') {
      throw new Error(`${path} answered ${response.status}: ${text.slice(0, 300)}`);
    }
    return text;
  }

  async #send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Response> {
    const response = await fetch(`${this.#origin}${path}`, {
      method,
      headers: {
        'sec-fetch-site': 'same-origin',
        origin: this.#origin,
        ...headers,
        ...(this.#jar.size === 0 ? {} : { cookie: this.cookie }),
      },
      ...(body === undefined ? {} : { body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      this.#jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }
}
