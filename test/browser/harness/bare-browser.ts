/**
 * Chromium by its own protocol alone. Test libraries keep every tab looked at, and a tab that is looked at is never frozen;
 * here tabs are hidden and frozen as browsers do with them, and the whole browser stands still as on a laptop that sleeps.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { findChromium } from '../../../scripts/prepare-tests.ts';
import { removeAtExit } from '../../e2e/harness/leftovers.ts';
import { waitUntil } from '../../services/wait-until.ts';

export interface BareTab {
  /** Runs a function, or the text of one, in the page; its result has to be JSON. */
  evaluate<T>(run: string | (() => T | Promise<T>)): Promise<T>;
  /** Waits until it answers true. */
  until(what: string, look: () => boolean): Promise<void>;
  /** Hides it and stops all of its tasks. */
  freeze(): Promise<void>;
  /** Lets its tasks go on; still nobody looks at it. */
  thaw(): Promise<void>;
  /** Somebody looks at it. */
  show(): Promise<void>;
}

/** A profile of its own, with its own cookies. */
export interface BareProfile {
  open(url: string): Promise<BareTab>;
  close(): Promise<void>;
}

export interface BareBrowser {
  newProfile(): Promise<BareProfile>;
  /** Stops and continues all of its processes at once. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  close(): Promise<void>;
}

interface Reply {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** Long enough for a machine that is busy with other tests; nothing waits this long when all is well. */
const LIMIT_MS = 20_000;

const SWITCHES = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
];

export async function openBareBrowser(profile: string): Promise<BareBrowser> {
  const chromium = findChromium(process.env);
  assert.ok(chromium, 'No Chromium was found: install it (apt-get install chromium), or set CHROMIUM to its path.');
  const child = spawn(chromium, [...SWITCHES, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid as number), name);
    } catch {
      // Nobody is left.
    }
  };
  const forget = removeAtExit(() => signal('SIGKILL'));
  const ended = once(child, 'close').finally(forget);
  const socket = new WebSocket(await addressOf(child.stderr));
  await once(socket, 'open');

  const waiting = new Map<number, (reply: Reply) => void>();
  socket.addEventListener('message', ({ data }) => {
    const reply: Reply = JSON.parse(String(data));
    if (reply.id === undefined) return;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  let sent = 0;
  async function send(method: string, params: object, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    sent += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    waiting.set(sent, resolve);
    const limit = setTimeout(() => reject(new Error(`${method} was not answered in time`)), LIMIT_MS);
    socket.send(JSON.stringify({ id: sent, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    const { result, error } = await promise.finally(() => clearTimeout(limit));
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  async function newProfile(): Promise<BareProfile> {
    const { browserContextId } = await send('Target.createBrowserContext', {});
    async function attach(url: string) {
      const { targetId } = await send('Target.createTarget', { url, browserContextId });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      return (method: string, params: object = {}) => send(method, params, String(sessionId));
    }
    const blank = await attach('about:blank');
    return {
      async open(url) {
        const tell = await attach(url);
        const tab = tabOf(tell, () => blank('Page.bringToFront'));
        await tab.until(`${url} is there`, () => document.readyState === 'complete' && 'matrix' in window);
        return tab;
      },
      close: async () => void (await send('Target.disposeBrowserContext', { browserContextId })),
    };
  }

  return {
    newProfile,
    signal,
    async close() {
      socket.close();
      signal('SIGKILL');
      await ended;
    },
  };
}

type Tell = (method: string, params?: object) => Promise<Readonly<Record<string, unknown>>>;

function tabOf(tell: Tell, lookElsewhere: () => Promise<unknown>): BareTab {
  async function evaluate<T>(run: string | (() => T | Promise<T>)): Promise<T> {
    const parameters = { expression: `(${run})()`, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await tell('Runtime.evaluate', parameters);
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return (result as { readonly value: T }).value;
  }
  const until = async (what: string, look: () => boolean): Promise<void> => {
    await waitUntil(what, () => evaluate(look), { deadlineMs: LIMIT_MS });
  };
  // The browser says so before the page is: what is asked of the page next would come too early.
  return {
    evaluate,
    until,
    async freeze() {
      await tell('Page.setWebLifecycleState', { state: 'frozen' });
      await until('it is frozen', () => document.hidden && window.matrix.frozen);
    },
    async thaw() {
      await tell('Page.setWebLifecycleState', { state: 'active' });
      await until('it goes on', () => !window.matrix.frozen);
    },
    async show() {
      // The tab in front is taken for visible already, even where it was hidden by freezing it.
      await lookElsewhere();
      await tell('Page.bringToFront');
      await until('it is looked at', () => !document.hidden);
    },
  };
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [, address] = /^DevTools listening on (ws:.*)$/.exec(line) ?? [];
    if (address !== undefined) {
      output.resume();
      return address;
    }
  }
  throw new Error('Chromium ended while starting');
}
