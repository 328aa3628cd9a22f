// The form, and the table of what was heard. `window.__listen(request)` is for tests; `window.__result` is
// what was heard last.

import { listen } from "./listen.js";

const NAMES = {
  status: "Status",
  content_type: "Content type",
  sample_rate: "Samples a second",
  headers_ms: "Headers came after (ms)",
  first_byte_ms: "First byte came after (ms)",
  first_audible_ms: "First audible sample came after (ms)",
  first_sound_ms: "First sound is to be heard after (ms)",
  heard_ms: "First sound was seen at the output after (ms)",
  last_byte_ms: "Last byte came after (ms)",
  audio_ms: "Audio (ms)",
  bytes: "Bytes",
  reads: "Reads: how often the page was woken",
  underruns: "Underruns: how often it ran dry",
  missing_ms: "Without sound meanwhile (ms)",
  error: "Error",
};

const form = document.querySelector("#request");
const status = document.querySelector("#status");
const table = document.querySelector("#figures");

window.__listen = async (request) => {
  window.__result = null;
  const figures = await listen(request);
  show(figures);
  window.__result = figures;
  return figures;
};

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  status.textContent = "Playing …";
  try {
    const figures = await window.__listen(written());
    status.textContent = figures.error ? `It broke off: ${figures.error}` : "Done.";
  } catch (error) {
    status.textContent = `It cannot be played: ${error.message}`;
  } finally {
    button.disabled = false;
  }
});

/** The request that the form asks for. */
function written() {
  const field = (name) => form.elements[name].value;
  const headers = { "content-type": "application/json" };
  if (field("token").trim()) headers.authorization = `Bearer ${field("token").trim()}`;
  for (const line of field("headers").split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  const [text, rate] = [field("text"), Number(field("rate"))];
  // OpenAI's names and GLM-TTS's; a service reads its own.
  const body = { model: "tts-1", voice: "alloy", input: text, text, response_format: field("format"), sample_rate: rate };
  return { url: field("url"), method: "POST", headers, body: JSON.stringify(body), start_ms: Number(field("start")), rate };
}

function show(figures) {
  const rows = Object.entries(NAMES).filter(([key]) => figures[key] !== undefined && figures[key] !== null);
  table.tBodies[0].replaceChildren(...rows.map(([key, name]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    const cell = document.createElement("td");
    cell.textContent = typeof figures[key] === "number" ? figures[key].toLocaleString("en") : figures[key];
    row.append(head, cell);
    return row;
  }));
  table.hidden = false;
}
