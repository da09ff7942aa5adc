/** One cookie jar and the messages between it and the fleet, in model time. */
import type { IssuedTokens, PresentedTokens, Resolution } from '../../src/core/outcomes.ts';
import type { Sessions } from '../../src/core/sessions.ts';
import { checkToken, rings } from './engine.ts';

/** Milliseconds since 1970. */
type Time = number;

interface Underway {
  readonly arrivesAt: Time;
  readonly arrive: () => void;
}

export interface Jar {
  access: { readonly value: string; readonly goneAt: Time } | null;
  refresh: string | null;
}

/** An answer, and what the request had come with when it was judged. */
export interface Answered {
  readonly resolution: Resolution;
  readonly accessWasGood: boolean;
  /** Issued within the grace period: older tokens may still be under way. */
  readonly refreshWasYoung: boolean;
  /** The successor that the answer would carry if it left at once. */
  readonly successor: string | null;
}

export interface Browser {
  readonly jar: Jar;
  /** Messages under way. */
  readonly underway: Underway[];
  /** The engine's answers since they were last looked at. */
  readonly answers: Answered[];
  readonly now: () => Time;
  send(to: Sessions, requestMs: number, handlingMs: number, answerMs: number): void;
  /** Moves time to the next arrival, or by `milliseconds` when nothing is under way sooner; what arrives, arrives. */
  advance(milliseconds: number): void;
}

export function createBrowser(startsAt: Time): Browser {
  let now = startsAt;
  const jar: Jar = { access: null, refresh: null };
  const underway: Underway[] = [];
  const answers: Answered[] = [];

  function later(milliseconds: number, arrive: () => void): void {
    underway.push({ arrivesAt: now + milliseconds, arrive });
  }

  function keep(tokens: IssuedTokens): void {
    jar.access = { value: tokens.access.value, goneAt: now + tokens.access.maxAgeSeconds * 1000 };
    if (tokens.refresh) jar.refresh = tokens.refresh.value;
  }

  async function serve(to: Sessions, tokens: PresentedTokens, handlingMs: number, answerMs: number): Promise<void> {
    const [access] = tokens.access;
    const claims = access === undefined ? 'malformed' : checkToken(rings.newer, 'access', access);
    const accessWasGood = typeof claims === 'object' && claims.time * 1000 > now;
    const held = checkToken(rings.newer, 'refresh', tokens.refresh[0] ?? '');
    const refreshWasYoung = typeof held === 'object' && Math.floor(now / 1000) - held.time <= 30;
    const resolution = await to.resolve(tokens);
    const grant = resolution.status === 'unreachable' ? null : resolution.grant;
    const successor = (await grant?.issue())?.refresh?.value ?? null;
    answers.push({ resolution, accessWasGood, refreshWasYoung, successor });
    if (resolution.status !== 'signed-in') return;
    later(handlingMs, () => {
      void grant?.issue().then((issued) => {
        if (issued) later(answerMs, () => keep(issued));
      });
    });
  }

  return {
    jar,
    underway,
    answers,
    now: () => now,
    send(to, requestMs, handlingMs, answerMs) {
      const access = jar.access !== null && jar.access.goneAt > now ? [jar.access.value] : [];
      const tokens = { access, refresh: jar.refresh === null ? [] : [jar.refresh] };
      later(requestMs, () => void serve(to, tokens, handlingMs, answerMs));
    },
    advance(milliseconds) {
      const next = Math.min(now + milliseconds, ...underway.map((message) => message.arrivesAt));
      now = Math.max(now, next);
      const arriving = underway.filter((message) => message.arrivesAt <= now);
      for (const message of arriving) underway.splice(underway.indexOf(message), 1);
      for (const message of arriving) message.arrive();
    },
  };
}
