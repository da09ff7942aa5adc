/** Who embeds this page: the browser vouches for it, once the page around says hello. */
import type { FrameMessage, FrameStatus } from '../embed/messages.ts';

/** The page around this one. */
export interface Embedder {
  /** As browsers write it; nobody can make it up. */
  readonly origin: string;
  /** Tells what has become of the session; nothing where that is what it was told last. */
  tell(status: FrameStatus, reason?: string): void;
}

/**
 * Waits for the hello of the page around this one, whoever else speaks. Later hellos are answered with what was told last:
 * the page around may have missed it. It also learns the height of `content`, again and again.
 */
export function meetEmbedder(content: Element): Promise<Embedder> {
  return new Promise((resolve) => {
    let origin: string | null = null;
    let last: FrameMessage = { holdfast: 'checking', reason: '' };
    const send = (message: FrameMessage): void => parent.postMessage(message, origin ?? location.origin);
    const measure = (): void => send({ holdfast: 'resize', height: Math.ceil(content.getBoundingClientRect().height) });
    const embedder = (found: string): Embedder => ({
      origin: found,
      tell(status, reason = '') {
        if (last.holdfast === status) return;
        last = { holdfast: status, reason };
        send(last);
      },
    });

    addEventListener('message', ({ source, origin: from, data }: MessageEvent<{ holdfast?: unknown } | null>) => {
      // A page without an origin of its own is nobody; and the page around never changes while this one lives.
      if (source !== parent || from === 'null' || data?.holdfast !== 'hello') return;
      if (origin === null) {
        origin = from;
        new ResizeObserver(measure).observe(content);
        resolve(embedder(from));
      }
      if (origin !== from) return;
      send(last);
      measure();
    });
  });
}
