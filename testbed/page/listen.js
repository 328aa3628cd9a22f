// Fetches a stream, plays it as it comes, and says what was heard.

import { Player } from "./player.js";
import { pcm, wav } from "./samples.js";

// How often the output is looked at for its first sound.
const WATCH_MS = 5;

/**
 * `request`: `{url, method, headers, body}` as of `fetch`, `start_ms`, and `rate` of PCM whose content type
 * says none. All times in the answer are milliseconds since the request was sent.
 */
export async function listen(request) {
  const context = new AudioContext({ latencyHint: "interactive" });
  try {
    // Without a user's gesture it may stay suspended for ever.
    await within(5000, context.resume(), "the browser lets no sound out; press Play");
    return await hear(context, request);
  } finally {
    await context.close();
  }
}

async function hear(context, request) {
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  analyser.connect(context.destination);
  const player = new Player(context, analyser, (request.start_ms ?? 100) / 1000);
  const clock = new Clock(context);
  const sent = performance.now();
  const since = () => performance.now() - sent;
  const output = new Output(analyser, since);
  const figures = { reads: 0, bytes: 0, first_byte_ms: null, first_audible_ms: null };
  try {
    const response = await fetch(request.url, {
      method: request.method ?? "GET", headers: request.headers ?? {}, body: request.body, cache: "no-store",
    });
    figures.headers_ms = since();
    figures.status = response.status;
    figures.content_type = response.headers.get("content-type") ?? "";
    if (!response.ok) throw new Error(`status ${response.status}: ${(await response.text()).slice(0, 300)}`);
    const samples = samplesOf(figures.content_type, request.rate ?? 24000);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      figures.first_byte_ms ??= since();
      figures.reads += 1;
      figures.bytes += value.length;
      const channels = samples.read(value);
      if (channels === null) continue;
      if (player.take(channels, samples.layout.rate)) figures.first_audible_ms = since();
    }
    figures.last_byte_ms = since();
    figures.sample_rate = samples.layout?.rate ?? null;
  } catch (error) {
    // What came before it broke off is played all the same.
    figures.error = String(error.message ?? error);
  }
  await player.end();
  output.stop();
  const after = (time) => time === null ? null : time - sent;
  return rounded({
    ...figures,
    played_ms: since(),
    begun_ms: after(player.begun),
    first_sound_ms: after(player.firstSound),
    heard_ms: output.heard,
    audio_ms: player.audio * 1000,
    underruns: player.underruns,
    missing_ms: player.holes.reduce((sum, hole) => sum + hole.ms, 0),
    holes: player.holes.map((hole) => ({ at_ms: after(hole.at), ms: hole.ms })),
    output_latency_ms: (context.outputLatency || context.baseLatency || 0) * 1000,
    audio_clock: { state: context.state, ...clock.ran() },
  });
}

/** The audio clock beside the wall's: they start together, and either may be late. */
class Clock {
  #context;
  #wall = performance.now();
  #audio;

  constructor(context) {
    this.#context = context;
    this.#audio = context.currentTime;
  }

  ran() {
    return {
      audio_ms: (this.#context.currentTime - this.#audio) * 1000,
      wall_ms: performance.now() - this.#wall,
    };
  }
}

/** Looks at what really goes to the loudspeaker. */
class Output {
  /** When the first sound was there. */
  heard = null;
  #timer;

  constructor(analyser, since) {
    const window = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(window);
      if (window.some((it) => Math.abs(it) > 0.001)) {
        this.heard = since();
        this.stop();
      }
    }, WATCH_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }
}

function samplesOf(type, rate) {
  const [name, ...parameters] = type.toLowerCase().split(";").map((part) => part.trim());
  if (["audio/wav", "audio/x-wav", "audio/wave"].includes(name)) return wav();
  if (["audio/pcm", "audio/l16", "application/octet-stream"].includes(name)) {
    const value = (key) => Number(parameters.find((it) => it.startsWith(`${key}=`))?.split("=")[1]);
    return pcm(value("rate") || rate, value("channels") || 1);
  }
  throw new Error(`this page does not play ${type || "what has no content type"}`);
}

function within(ms, promise, problem) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error(problem)), ms));
  return Promise.race([promise, late]);
}

/** To a tenth, as the filter's figures. */
function rounded(value) {
  if (typeof value === "number") return Math.round(value * 10) / 10;
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [name, rounded(it)]));
}
