/** A vendor: a back end with an API key, and pages that embed what it made, under as strict a policy as vendors have. */
import assert from 'node:assert/strict';
import type { Frame, FrameLocator, Page } from 'playwright-core';
import { Command } from './command.ts';
import { ask } from './direct.ts';
import type { Service } from './service.ts';
import type { Sites } from './sites.ts';

export interface Ticket {
  readonly id: string;
  /** The page for an iframe, with the id. */
  readonly frameUrl: string;
}

export interface Shop {
  readonly origin: string;
  /** Makes a one-time session. */
  create(contents?: unknown): Promise<Ticket>;
  /** Uses one as a back end does; the status, and the code of the problem. */
  validate(id: string): Promise<string>;
  /** The figures of the service. */
  figures(): Promise<Readonly<Record<string, unknown>>>;
  /** The address of a page that embeds this with `<holdfast-frame>`, and gives the same page again and again. */
  page(frameUrl: string, options?: { readonly isolated?: boolean; readonly frames?: number }): string;
}

export interface ShopOptions {
  readonly host: string;
  readonly service: Service;
  readonly sites: Sites;
  /** The host of the service. */
  readonly serviceHost: string;
  /** Origins of the API key beside the shop's own. */
  readonly otherOrigins?: readonly string[];
}

/** What the page notes of its frames. */
const NOTES = `
  window.said = [];
  for (const frame of document.querySelectorAll('holdfast-frame'))
    for (const name of ['ready', 'expired', 'used', 'unreachable', 'signed-out'])
      frame.addEventListener(name, ({ detail }) => said.push(detail.reason ? name + ' ' + detail.reason : name));`;

export async function openShop({ host, service, sites, serviceHost, otherOrigins = [] }: ShopOptions): Promise<Shop> {
  const origin = sites.origin(host);
  const auth = sites.origin(serviceHost);
  const key = await makeKey(service, [origin, ...otherOrigins]);
  const headers = { authorization: `Bearer ${key}`, host: new URL(auth).host, 'x-forwarded-proto': 'https' };

  // Its own addresses say nothing of what it embeds.
  const pages: { readonly frameUrl: string; readonly isolated: boolean; readonly frames: number }[] = [];
  sites.add(host, ({ url = '' }, answer) => {
    const page = pages[Number(url.slice('/visits/'.length))];
    if (page === undefined) {
      answer.writeHead(404).end();
      return;
    }
    answer.setHeader('content-type', 'text/html; charset=utf-8');
    answer.setHeader(
      'content-security-policy',
      `default-src 'none'; script-src ${auth} 'nonce-shop'; frame-src ${auth}; img-src data:`,
    );
    if (page.isolated) {
      answer.setHeader('cross-origin-embedder-policy', 'require-corp');
      answer.setHeader('cross-origin-opener-policy', 'same-origin');
    }
    const element = `<holdfast-frame src="${page.frameUrl}" title="Your account"></holdfast-frame>`;
    answer.end(`<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,">
      <h1>Shop</h1>${element.repeat(page.frames)}
      <script nonce="shop">${NOTES}</script><script src="${auth}/client/embed.js"></script>`);
  });

  return {
    origin,
    async create(contents = { user: 'customer-7' }) {
      const { status, body } = await ask('POST', `${service.url}/auth/create-session`, { headers, body: contents });
      assert.equal(status, 201, JSON.stringify(body));
      return { id: String(body.session_id), frameUrl: `${auth}${body.iframe_url}` };
    },
    async validate(id) {
      const body = { session_id: id };
      const answer = await ask('POST', `${service.url}/auth/validate-session`, { headers, body });
      return answer.status === 200 ? '200' : `${answer.status} ${answer.body.code}`;
    },
    async figures() {
      return (await ask('GET', `${service.url}/auth/session-status`, { headers })).body;
    },
    page(frameUrl, { isolated = false, frames = 1 } = {}) {
      return `${origin}/visits/${pages.push({ frameUrl, isolated, frames }) - 1}`;
    },
  };
}

/** With the real command, beside the running service. */
async function makeKey(service: Service, origins: readonly string[]): Promise<string> {
  const { code, directory, dataDir, secrets, environment, clockAheadSeconds } = service.setup;
  const command = new Command({
    code,
    directory,
    environment: { DATA_DIR: dataDir, SESSION_SECRET: secrets ?? '', ...environment },
    words: ['api-keys', 'create', '--name', 'shop', ...origins.flatMap((each) => ['--origin', each])],
    clockAheadSeconds,
  });
  assert.equal(await command.ended(), 0, command.output);
  const key = /hfk_[\w-]+/.exec(command.output)?.[0];
  assert.ok(key, command.output);
  return key;
}

/** The page inside the first embedded frame; elements of shadow trees are found, too. */
export function embedded(page: Page): FrameLocator {
  return page.frameLocator('holdfast-frame iframe').first();
}

/** The same for scripts and addresses. */
export function frameOf(page: Page): Frame {
  const frame = page.frames().find((each) => each.parentFrame() === page.mainFrame());
  assert.ok(frame, 'nothing is embedded');
  return frame;
}

/** Waits until the page was told this so many times. */
export async function wasTold(page: Page, event: string, times = 1): Promise<void> {
  await page.waitForFunction(
    ({ event, times }) =>
      (window as unknown as { said: string[] }).said.filter((each) => each === event).length >= times,
    { event, times },
  );
}
