// Bytes of WAV or PCM, cut anywhere, to samples from -1 to 1.
// WAV is Microsoft's RIFF: chunks of a name, a length and a content; `fmt ` says how to read `data`.
// A length that a stream's head cannot know yet is 0 or 4,294,967,295: then `data` goes to the end.

const UNKNOWN = [0, 0xffffffff];
const PCM = 1, FLOAT = 3, EXTENSIBLE = 0xfffe;

/** How 16-bit PCM without a head is to be read. */
export function pcm(rate, channels = 1) {
  return new Samples({ rate, channels, bits: 16, float: false });
}

/** A WAV, whose head says how it is to be read. */
export function wav() {
  return new Samples(null);
}

class Samples {
  /** `{rate, channels, bits, float}`, or null until a WAV's head has come. */
  layout;
  #inData;
  #held = new Uint8Array(0);
  #left = Infinity; // Bytes of `data` that are still to come.

  constructor(layout) {
    this.layout = layout;
    this.#inData = layout !== null;
  }

  /** The whole frames that these bytes complete: one array of samples a channel; null if there are none. */
  read(bytes) {
    const all = new Uint8Array(this.#held.length + bytes.length);
    all.set(this.#held);
    all.set(bytes, this.#held.length);
    const from = this.#inData ? 0 : this.#head(all);
    if (!this.#inData) {
      this.#held = all.subarray(from);
      return null;
    }
    const { channels, bits } = this.layout;
    const frame = channels * bits / 8;
    const frames = Math.floor(Math.min(all.length - from, this.#left) / frame);
    const to = from + frames * frame;
    this.#left -= frames * frame;
    this.#held = all.slice(to);
    return frames > 0 ? this.#decode(all.subarray(from, to), frames) : null;
  }

  /** Reads chunks of a WAV's head as far as they have come; gives where it stopped. */
  #head(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const name = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
    if (bytes.length < 12) return 0;
    // What is behind the first chunk has no `RIFF` before it any more.
    let at = name(0) === "RIFF" ? 12 : 0;
    while (at + 8 <= bytes.length) {
      const length = view.getUint32(at + 4, true);
      if (name(at) === "data") {
        if (this.layout === null) throw new Error("this WAV has no format before its samples");
        this.#inData = true;
        this.#left = UNKNOWN.includes(length) ? Infinity : length;
        return at + 8;
      }
      const next = at + 8 + length + length % 2;
      if (next > bytes.length) break;
      if (name(at) === "fmt ") this.layout = layout(view, at + 8);
      at = next;
    }
    return at;
  }

  #decode(bytes, frames) {
    const { channels, bits, float } = this.layout;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sample = {
      16: (at) => view.getInt16(at, true) / 0x8000,
      24: (at) => (view.getUint16(at, true) | view.getInt8(at + 2) << 16) / 0x800000,
      32: float ? (at) => view.getFloat32(at, true) : (at) => view.getInt32(at, true) / 0x80000000,
    }[bits];
    return Array.from({ length: channels }, (_, channel) =>
      Float32Array.from({ length: frames }, (_, frame) => sample((frame * channels + channel) * bits / 8)));
  }
}

function layout(view, at) {
  let code = view.getUint16(at, true);
  // The real code is the first half of the extension's GUID.
  if (code === EXTENSIBLE) code = view.getUint16(at + 24, true);
  const [channels, bits] = [view.getUint16(at + 2, true), view.getUint16(at + 14, true)];
  const plays = code === PCM ? [16, 24, 32].includes(bits) : code === FLOAT && bits === 32;
  if (!plays || channels < 1) throw new Error(`this page does not play WAV of code ${code} with ${bits} bits`);
  return { rate: view.getUint32(at + 4, true), channels, bits, float: code === FLOAT };
}
