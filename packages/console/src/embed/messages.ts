/**
 * What the embedding page and the embedded one say to each other with `postMessage`. Both look at who speaks before what
 * is said: the other's window, and the one origin that it is known by.
 */

/** What the embedding page is told. `checking` only says that the page is there. */
export type FrameStatus = 'checking' | 'ready' | 'expired' | 'used' | 'unreachable' | 'signed-out';

/** From the embedding page once the frame has loaded: the browser adds its origin, which nobody can make up. */
export interface Hello {
  readonly holdfast: 'hello';
}

/** From the frame. Holds nothing about the person: what the embedding page is to know, its back end knows. */
export type FrameMessage =
  | {
      readonly holdfast: FrameStatus;
      /** A reason code such as `ticket-expired`; empty where nothing is wrong. */
      readonly reason: string;
    }
  | {
      readonly holdfast: 'resize';
      /** Of the page's content, in CSS pixels. */
      readonly height: number;
    };
