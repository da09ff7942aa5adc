/** Bodies between Node's streams and the Fetch API's, one chunk at a time: whoever reads slowly slows down the sender. */
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';

/** What a message is read from: a request on either protocol, or an upstream's answer. */
export type BodySource = IncomingMessage | Http2ServerRequest;

/** What a body is written to: a request to an upstream, or an answer on either protocol. */
export interface BodySink {
  /** Answers false when it wants no more until `drain`. */
  write(chunk: Uint8Array): boolean;
  on(event: 'close', listener: () => void): unknown;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/**
 * The body as a stream that reads only when it is asked. A sender that stops half-way errors the stream: half of a body
 * must never look like a whole one. What is no longer wanted is discarded as it comes: to hang up on a browser that still
 * sends would take the answer away from it.
 */
export function bodyStream(source: BodySource, unwanted: 'discard' | 'hang-up'): ReadableStream<Uint8Array> {
  let over = false;
  const end = (finish: () => void): void => {
    if (over) return;
    over = true;
    finish();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const broken = (error?: Error): void =>
          end(() => controller.error(error ?? new Error('The sender stopped half-way.')));
        source.on('data', (chunk: Uint8Array) => {
          if (over) return;
          source.pause();
          controller.enqueue(chunk);
        });
        source.on('end', () => (isWhole(source) ? end(() => controller.close()) : broken()));
        source.on('error', broken);
        // HTTP/2 has no `error` for a stream that was reset.
        source.on('close', () => broken());
        source.pause();
      },
      pull() {
        source.resume();
      },
      cancel() {
        end(() => void (unwanted === 'discard' ? source.resume() : source.destroy()));
      },
    },
    { highWaterMark: 0 },
  );
}

/** Node ends the compatibility API's stream of a request that was reset as if it were complete. */
function isWhole(source: BodySource): boolean {
  return !source.aborted && !('stream' in source && source.stream.rstCode !== 0);
}

/** Writes all of a body. Rejects when the body fails, and when the sink closes first: the body is cancelled then. */
export async function pumpBody(body: ReadableStream<Uint8Array>, sink: BodySink): Promise<void> {
  const reader = body.getReader();
  let closed = false;
  const stop = (): void => {
    closed = true;
    // Wakes the read below, whatever it waits for.
    reader.cancel().catch(() => undefined);
  };
  sink.on('close', stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (closed) throw new Error('The receiver has gone.');
      if (done) return;
      if (!sink.write(value)) await drained(sink);
      if (closed) throw new Error('The receiver has gone.');
    }
  } finally {
    sink.off('close', stop);
  }
}

function drained(sink: BodySink): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      sink.off('close', go);
      resolve();
    };
    sink.once('drain', go);
    sink.on('close', go);
  });
}
