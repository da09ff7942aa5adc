/** Takes bytes out of a stream by the number, holding no more of it than it has to. */

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer[] = [];
  #size = 0;
  #taken = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** How many bytes were taken so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Exactly so many bytes, or fewer where the stream ends. */
  async take(count: number): Promise<Buffer> {
    while (this.#size < count) {
      const { done, value } = await this.#source.next();
      if (done === true) break;
      if (value.length === 0) continue;
      this.#held.push(Buffer.from(value.buffer, value.byteOffset, value.length));
      this.#size += value.length;
    }
    const all = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    const rest = all.subarray(count);
    this.#held = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
    const taken = all.subarray(0, count);
    this.#taken += taken.length;
    return taken;
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
