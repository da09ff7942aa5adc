/**
 * `<holdfast-frame src="https://auth.example/client/iframe.html?session_id=…" title="…">`: what a vendor's page loads to embed
 * a one-time session. It makes the iframe, tells it where it is, gives it its height, and says what becomes of it by the
 * events `ready`, `expired`, `used`, `unreachable` and `signed-out` (`detail.reason` says why).
 *
 * All is in one block: loaded as a classic script, even twice, it leaves no name behind but the element's.
 */
import type { FrameMessage, FrameStatus, Hello } from './messages.ts';

{
  const NAME = 'holdfast-frame';
  const STATUSES: readonly unknown[] = ['checking', 'ready', 'expired', 'used', 'unreachable', 'signed-out'];
  /** How long the frame may take to load, and then to say its first word. */
  const LOAD_MS = 20_000;
  const WORD_MS = 4000;
  /** Waits before the frame is loaded again after silence; the last one from then on. */
  const AGAIN_MS = [2000, 5000, 10_000, 20_000, 30_000];
  /** Whatever a frame says, it does not push everything else off the page. */
  const TALLEST = 2000;

  /** Null for what is none, or would run as a script of the embedding page. */
  const addressOf = (src: string | null): URL | null => {
    try {
      const url = new URL(src ?? '', document.baseURI);
      return src !== null && /^https?:$/.test(url.protocol) ? url : null;
    } catch {
      return null;
    }
  };

  class HoldfastFrame extends HTMLElement {
    static readonly observedAttributes = ['src', 'title'];

    readonly #root = this.attachShadow({ mode: 'open' });
    #frame: HTMLIFrameElement | null = null;
    #origin = '';
    #status: FrameStatus = 'checking';
    #silences = 0;
    #timer: ReturnType<typeof setTimeout> | undefined;
    /** Takes the listeners away. */
    #stop = new AbortController();

    /** What is known of the frame now. */
    get status(): FrameStatus {
      return this.#status;
    }

    /** Loads the frame anew, with the `src` there is. */
    reload(): void {
      this.#silences = 0;
      this.#load();
    }

    connectedCallback(): void {
      this.reload();
    }

    /** Moved within the page in one step: the frame lives on. */
    connectedMoveCallback(): void {}

    disconnectedCallback(): void {
      this.#clear();
    }

    attributeChangedCallback(name: string, before: string | null, now: string | null): void {
      // Before the element is connected there is nothing to change.
      if (this.#frame === null || before === now) return;
      if (name === 'src') this.reload();
      else this.#name();
    }

    #load(): void {
      this.#clear();
      this.#status = 'checking';
      const url = addressOf(this.getAttribute('src'));
      if (url === null) {
        this.#say('unreachable', 'bad-src');
        return;
      }
      this.#origin = url.origin;
      this.#stop = new AbortController();
      const { signal } = this.#stop;
      // A new one each time: an iframe that is led elsewhere leaves an entry in the history of the whole tab.
      const frame = document.createElement('iframe');
      this.#frame = frame;
      this.#name();
      frame.referrerPolicy = 'no-referrer';
      frame.loading = 'eager';
      frame.allow = '';
      // Invisible until it speaks: what does not is the browser's own page about an error. By CSSOM, which a content
      // security policy lets pass.
      frame.style.cssText = 'display:block;width:100%;height:0;border:0;visibility:hidden';
      addEventListener('message', (event) => this.#hear(event), { signal });
      // Also after a reload inside the frame, which begins to listen anew.
      frame.addEventListener('load', () => this.#greet(), { signal });
      this.#expect(LOAD_MS);
      frame.src = url.href;
      this.#root.append(frame);
    }

    #greet(): void {
      this.#expect(WORD_MS);
      const hello: Hello = { holdfast: 'hello' };
      this.#frame?.contentWindow?.postMessage(hello, this.#origin);
    }

    #hear({ source, origin, data }: MessageEvent<FrameMessage | null>): void {
      const frame = this.#frame;
      if (frame === null || source !== frame.contentWindow || origin !== this.#origin) return;
      if (typeof data !== 'object' || data === null) return;
      if (data.holdfast === 'resize') {
        if (!(data.height >= 0)) return;
        frame.style.height = `${Math.min(data.height, TALLEST)}px`;
        frame.style.visibility = '';
      } else if (STATUSES.includes(data.holdfast)) {
        clearTimeout(this.#timer);
        this.#silences = 0;
        this.#say(data.holdfast, String(data.reason));
      }
    }

    /** Calls it unreachable unless the frame says something meanwhile, and after a while loads it again. */
    #expect(milliseconds: number): void {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.#say('unreachable', 'no-answer');
        if (this.#frame !== null) this.#frame.style.visibility = 'hidden';
        const wait = AGAIN_MS[Math.min(this.#silences++, AGAIN_MS.length - 1)] ?? 0;
        this.#timer = setTimeout(() => this.#load(), wait * (0.75 + Math.random() / 2));
      }, milliseconds);
    }

    #say(status: FrameStatus, reason: string): void {
      if (this.#status === status) return;
      this.#status = status;
      if (status !== 'checking') this.dispatchEvent(new CustomEvent(status, { detail: { reason } }));
    }

    /** Who cannot see the frame is told what it is (WCAG 2.2, 4.1.2). */
    #name(): void {
      if (this.#frame !== null) this.#frame.title = this.title || 'Embedded session';
    }

    #clear(): void {
      clearTimeout(this.#timer);
      this.#stop.abort();
      this.#frame?.remove();
      this.#frame = null;
    }
  }

  if (customElements.get(NAME) === undefined) customElements.define(NAME, HoldfastFrame);
}
