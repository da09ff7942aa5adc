/** Asks the service without a browser, with the cookies of one: as a thief, a test of load, or another device would. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { BrowserContext } from 'playwright-core';

export interface DirectAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface DirectOptions {
  readonly cookie?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: a connection of its own, closed with the answer. */
  readonly agent?: Agent;
}

/** The Cookie header that the browser would send. */
export async function cookieHeader(browser: BrowserContext, url: string): Promise<string> {
  const cookies = await browser.cookies(url);
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

/** The one question. */
export function validate(url: string, cookie: string, agent?: Agent): Promise<DirectAnswer> {
  return ask('POST', `${url}/unified-auth/validate`, { cookie, ...(agent === undefined ? {} : { agent }) });
}

/** Rejects when the connection breaks off. */
export function ask(method: string, url: string, options: DirectOptions = {}): Promise<DirectAnswer> {
  const { cookie, body, agent = new Agent({ keepAlive: false }) } = options;
  const headers = {
    ...options.headers,
    'sec-fetch-site': 'same-origin',
    ...(cookie === undefined ? {} : { cookie }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body: text === '' ? {} : JSON.parse(text) });
      });
    });
    asking.once('error', reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Signs in as another device. Answers the Cookie header of the new session. */
export async function signInDirectly(url: string, credentials: { email: string; password: string }): Promise<string> {
  const { email, password } = credentials;
  const { status, headers } = await ask('POST', `${url}/auth/sign-in`, { body: { email, password } });
  if (status !== 200) throw new Error(`signing in was answered ${status}`);
  return (headers['set-cookie'] ?? []).map((line) => line.slice(0, line.indexOf(';'))).join('; ');
}
