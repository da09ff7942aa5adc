/** Sends one request to its upstream: until its headers are here, it failed, took too long, or nobody waits any more. */
import type { EdgeFailure, Transport } from './options.ts';

/** How to send. */
export interface Sending {
  readonly transport: Transport;
  readonly timeoutSeconds: number;
  readonly retries: number;
}

/** What came of it. */
export interface Sent {
  readonly attempts: number;
  readonly outcome: Response | Extract<EdgeFailure, 'connection-failed' | 'timeout' | 'client-gone'>;
}

type Interruption = 'timeout' | 'client-gone';

interface SendingInit extends RequestInit {
  /** Says that the answer may begin before the body has ended; runtimes refuse a stream without it. */
  duplex?: 'half';
}

/** Only what changes nothing may be sent twice: an upstream may have acted although its answer was lost. */
const REPEATABLE = /^(?:GET|HEAD|OPTIONS)$/;

/** Never rejects. Bodies are not collected: the request's is read as the upstream reads it. */
export async function send(request: Request, target: URL, headers: Headers, options: Sending): Promise<Sent> {
  const { transport, timeoutSeconds, retries } = options;
  const { method, body, signal } = request;
  const controller = new AbortController();
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<Interruption>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting = true;
  const startTimer = () => {
    clearTimeout(timer);
    if (waiting) timer = setTimeout(interrupt, timeoutSeconds * 1000, 'timeout');
  };
  const leave = () => {
    interrupt('client-gone');
    controller.abort(signal.reason);
  };
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });

  const init: SendingInit = { method, headers, redirect: 'manual', signal: controller.signal };
  if (body) {
    // An upload that moves is not an upstream that hangs.
    init.body = observed(body, startTimer, controller.signal, request.headers.get('content-length'));
    init.duplex = 'half';
  }
  startTimer();
  let attempts = 0;
  let failure: Exclude<Sent['outcome'], Response>;
  do {
    failure = 'connection-failed';
    if (signal.aborted) {
      failure = 'client-gone';
      break;
    }
    attempts++;
    try {
      const answer = transport(new Request(target, init));
      const first = await Promise.race([answer, interrupted]);
      if (typeof first !== 'string') {
        waiting = false;
        clearTimeout(timer);
        return { attempts, outcome: first };
      }
      failure = first;
      controller.abort();
      // A transport that does not listen to the signal may still bring an answer.
      answer.then(discard, () => {});
    } catch {
      if (signal.aborted) failure = 'client-gone';
    }
  } while (failure === 'connection-failed' && !body && REPEATABLE.test(method) && attempts <= retries);
  waiting = false;
  clearTimeout(timer);
  controller.abort();
  return { attempts, outcome: failure };
}

/** Lets go of a body that nobody is going to read. */
export function discard({ body }: Response): void {
  if (!body?.locked) body?.cancel().catch(() => {});
}

/** The same stream, telling of each piece. Workers only send a Content-Length with streams that know their length. */
function observed(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onPiece: () => void,
  signal: AbortSignal,
  length: string | null,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const through = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, out) {
      onPiece();
      out.enqueue(piece);
    },
  });
  const { FixedLengthStream } = globalThis as { FixedLengthStream?: new (length: number) => typeof through };
  const seen = body.pipeThrough(through, { signal });
  return FixedLengthStream && length ? seen.pipeThrough(new FixedLengthStream(Number(length))) : seen;
}
