/** Access tokens whose tags were checked a moment ago: a browser sends the same one with every request for five minutes. */
import { decodeBase64url, encodeBase64url } from './base64url.ts';
import type { TokenClaims } from './token.ts';

const HALF = 5000;
const TOKEN_BYTES = 60;

/**
 * Saves the two hashes of a MAC. Keyed by the whole text, so nothing but the very token that was good is found, and only in
 * this process, whose keys never change; expiry and the session's record are looked at as ever. Two generations bound it.
 */
export class VerifiedTokens {
  #young = new Map<string, TokenClaims>();
  #old = new Map<string, TokenClaims>();
  readonly #bytes = new Uint8Array(TOKEN_BYTES);

  get(text: string): TokenClaims | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const claims = this.#old.get(text);
    if (claims !== undefined) this.#place(text, claims);
    return claims;
  }

  /** For claims that `checkToken` answered for this text. */
  keep(text: string, claims: TokenClaims): void {
    // A copy: what was cut out of a Cookie header keeps the whole header in memory.
    if (decodeBase64url(text, this.#bytes)) this.#place(encodeBase64url(this.#bytes), claims);
  }

  #place(text: string, claims: TokenClaims): void {
    this.#young.set(text, claims);
    if (this.#young.size < HALF) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
