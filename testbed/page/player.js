// Plays pieces of sound one behind the other, and counts what a listener misses.
// Nothing here knows of HTTP. What is laid out is timed by the audio clock, in seconds; what is told of it, by
// `performance.now()`, in milliseconds: on a busy machine the audio clock may stand still for a while.

// So far ahead a piece is laid that is to sound at once: one render quantum is 128 samples, 3 ms.
const LEAD = 0.005;
// What is softer than -60 dB is silence.
const SILENCE = 0.001;

export class Player {
  /** How often the listener ran dry. */
  underruns = 0;
  /** Each time that it did: when (`at`), and how long it was without sound (`ms`). */
  holes = [];
  /** Seconds of audio that came. */
  audio = 0;
  /** When the first sample that is not silent is to sound. */
  firstSound = null;
  /** When it began to play. */
  begun = null;

  #context;
  #output;
  #start;
  #waiting = []; // Gathered before it plays.
  #until = null; // When what is laid out ends.
  #audibleSeen = false;

  /** `start`: seconds of audio to gather before it plays. */
  constructor(context, output, start) {
    this.#context = context;
    this.#output = output;
    this.#start = start;
  }

  /** Takes one array of samples a channel. Says whether the first audible sample is in it. */
  take(channels, rate) {
    const buffer = this.#context.createBuffer(channels.length, channels[0].length, rate);
    channels.forEach((samples, channel) => buffer.copyToChannel(samples, channel));
    const audible = this.#audibleSeen ? -1 : firstAudible(channels);
    this.#audibleSeen ||= audible >= 0;
    const piece = { buffer, audible: audible >= 0 ? audible / rate : null };
    this.audio += buffer.duration;
    if (this.begun !== null) {
      this.#lay(piece);
    } else {
      this.#waiting.push(piece);
      if (this.audio >= this.#start) this.#begin();
    }
    return audible >= 0;
  }

  /** Nothing more comes. Done when all has sounded. */
  async end() {
    if (this.begun === null && this.#waiting.length > 0) this.#begin();
    while (this.#until !== null && this.#context.currentTime < this.#until) {
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  #begin() {
    this.#until = this.#context.currentTime + LEAD;
    this.begun = this.#told(this.#until);
    this.#waiting.splice(0).forEach((piece) => this.#lay(piece));
  }

  #lay({ buffer, audible }) {
    const now = this.#context.currentTime;
    if (now > this.#until) {
      this.underruns += 1;
      this.holes.push({ at: this.#told(this.#until), ms: (now + LEAD - this.#until) * 1000 });
      this.#until = now + LEAD;
    }
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#output);
    source.start(this.#until);
    if (audible !== null) this.firstSound = this.#told(this.#until + audible);
    this.#until += buffer.duration;
  }

  /** A time of the audio clock by `performance.now()`, as far as can be said now. */
  #told(time) {
    return performance.now() + (time - this.#context.currentTime) * 1000;
  }
}

function firstAudible(channels) {
  const firsts = channels.map((samples) => samples.findIndex((it) => Math.abs(it) > SILENCE));
  const found = firsts.filter((at) => at >= 0);
  return found.length > 0 ? Math.min(...found) : -1;
}
