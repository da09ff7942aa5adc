/** What may stand between two hops of HTTP: passes everything on, until it is told to fail, to hold back or to meddle. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Listening, listen } from './listen.ts';

/** An answer that has come and does not go on. */
export interface Held {
  /** Lets it go on. */
  release(): void;
}

export interface Gate extends Listening {
  /** Answers in the place of what is behind, where it answers true. */
  answer: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Changes the Set-Cookie lines of an answer. */
  meddle: (setCookies: readonly string[]) => readonly string[];
  /** A header, lower case, that answers lose here; null for none. */
  loses: string | null;
  /** The Origin that what is behind sees in the place of the page's own; null leaves it. */
  pageOrigin: string | null;
  /** Holds back the next answer about a path; resolves once what is behind has given it. */
  hold(path: string): Promise<Held>;
}

/** Nothing waits this long when all is well. */
const LIMIT_MS = 20_000;

const PASS_ON = (): boolean => false;
const UNCHANGED = (lines: readonly string[]): readonly string[] => lines;

/** In front of a port of loopback. */
export async function startGate(port: number): Promise<Gate> {
  const holding = new Map<string, (held: Held) => void>();

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method, url = '', rawHeaders } = incoming;
    const body = await buffer(incoming);
    const headers = rawHeaders.map((text, at) =>
      gate.pageOrigin !== null && rawHeaders[at - 1]?.toLowerCase() === 'origin' ? gate.pageOrigin : text,
    );
    const reply = await new Promise<IncomingMessage>((resolve, reject) => {
      const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, resolve);
      onward.once('error', reject).end(body);
    });
    const content = await buffer(reply);
    const held = holding.get(url);
    if (held) {
      holding.delete(url);
      await new Promise<void>((resolve) => held({ release: resolve }));
    }
    outgoing.writeHead(reply.statusCode ?? 502, headersOf(reply, gate)).end(content);
  }

  const server = createServer((incoming, outgoing) => {
    if (gate.answer(incoming, outgoing)) return;
    // What is behind is away: the connection breaks off, as it would without this hop.
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const gate: Gate = {
    ...(await listen(server)),
    answer: PASS_ON,
    meddle: UNCHANGED,
    loses: null,
    pageOrigin: null,
    hold: (path) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error(`nobody asked for ${path}`)), LIMIT_MS);
        holding.set(path, (held) => {
          clearTimeout(limit);
          resolve(held);
        });
      }),
  };
  return gate;
}

function headersOf({ rawHeaders, headers }: IncomingMessage, { loses, meddle }: Gate): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const isOurs = /^(?:set-cookie|connection|keep-alive|transfer-encoding)$/i.test(name);
    if (!isOurs && name.toLowerCase() !== loses) kept.push(name, value);
  }
  return [...kept, ...meddle(headers['set-cookie'] ?? []).flatMap((line) => ['set-cookie', line])];
}
