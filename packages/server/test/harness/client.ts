/** A browser as far as the protocol goes: keeps cookies, and sends the headers that a page of the service would send. */
import assert from 'node:assert/strict';

/** An answer with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly setCookie: readonly string[];
  readonly text: string;
  /** The body as JSON; fails the test when it is none. */
  json<T = Record<string, unknown>>(): T;
}

export interface Asking {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One cookie jar and the origin it talks to. */
export class Client {
  readonly url: string;
  readonly jar: Map<string, string> = new Map();

  constructor(url: string) {
    this.url = url;
  }

  get(path: string, asking: Asking = {}): Promise<Answer> {
    return this.ask('GET', path, asking);
  }

  post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.ask('POST', path, { ...(body === undefined ? {} : { body }), headers });
  }

  delete(path: string): Promise<Answer> {
    return this.ask('DELETE', path);
  }

  async ask(method: string, path: string, { body, headers = {} }: Asking = {}): Promise<Answer> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        'sec-fetch-site': 'same-origin',
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const setCookie = response.headers.getSetCookie();
    for (const line of setCookie) this.keep(line);
    return {
      status: response.status,
      headers: response.headers,
      setCookie,
      text,
      json: <T>() => JSON.parse(text) as T,
    };
  }

  /** Signs up with an address and a good password. */
  async signUp(email: string, password = 'a fine long password'): Promise<Answer> {
    const answer = await this.post('/auth/sign-up', { email, password });
    assert.equal(answer.status, 201, answer.text);
    return answer;
  }

  /** What validate says. */
  async validate(): Promise<Record<string, unknown>> {
    const answer = await this.post('/unified-auth/validate');
    assert.equal(answer.status, 200, answer.text);
    return answer.json();
  }

  private keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';');
    const [name = '', value = ''] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
    const gone = attributes.some((attribute) => attribute.trim().toLowerCase() === 'max-age=0');
    if (gone) this.jar.delete(name);
    else this.jar.set(name, value);
  }
}

/** Fails unless the answer is the problem document of this code. */
export function assertProblem(answer: Answer, status: number, code: string): Record<string, unknown> {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  const document = answer.json();
  assert.equal(document.code, code);
  assert.equal(document.status, status);
  assert.equal(document.type, `urn:holdfast:problem:${code}`);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.doesNotMatch(answer.text, /node_modules|\.ts:\d|SQLITE|FST_ERR/);
  return document;
}
