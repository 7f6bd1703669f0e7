// A voice note: [data-record=audio] of fields/recording.html. Held or tapped, the button records until let go or tapped again, or until
// data-seconds are over. Where nothing can be recorded a sentence says so, and choosing a file stays.
import { each, make } from "./dom.js";
import { begin } from "./upload.js";
import { word } from "./words.js";

const TAP = 400; // milliseconds: what lasts longer was held
const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];

export function mountRecorders(root) {
  each(root, "[data-record=audio]", (place) => new Recorder(place));
}

class Recorder {
  constructor(place) {
    this.place = place;
    this.button = place.querySelector("[data-speak]");
    this.most = Number(place.dataset.seconds) || 0;
    this.said = this.button.textContent;
    this.button.hidden = false;
    this.button.addEventListener("pointerdown", (event) => this.press(event));
    this.button.addEventListener("pointerup", () => this.release());
    this.button.addEventListener("pointercancel", () => this.release());
    this.button.addEventListener("contextmenu", (event) => event.preventDefault());
    this.button.addEventListener("click", (event) => event.detail === 0 && this.toggle());
  }

  press(event) {
    if (event.button) return;
    this.pressed = Date.now();
    this.button.setPointerCapture(event.pointerId);
    this.toggle();
  }

  release() {
    if (this.recording && this.pressed && Date.now() - this.pressed > TAP) this.stop();
    this.pressed = 0;
  }

  toggle() {
    if (this.recording) this.stop();
    else this.start();
  }

  async start() {
    this.recording = true;
    this.tell("");
    try {
      const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      this.tape = new MediaRecorder(this.stream, { mimeType: kind, audioBitsPerSecond: 32000 });
      this.parts = [];
      this.tape.addEventListener("dataavailable", ({ data }) => this.parts.push(data));
      this.tape.addEventListener("stop", () => this.keep());
      this.tape.start();
    } catch {
      this.end();
      this.tell(word(navigator.mediaDevices ? "no_microphone" : "no_recording"));
      return;
    }
    this.begun = Date.now();
    this.listen();
    this.clock = setInterval(() => this.tick(), 100);
    this.tick();
    if (!this.recording) this.stop(); // let go before the microphone was there
  }

  stop() {
    this.recording = false;
    if (this.tape?.state === "recording") this.tape.stop();
  }

  keep() {
    const type = this.tape.mimeType.split(";")[0];
    const name = `${word("voice")}.${{ "audio/mp4": "m4a", "audio/ogg": "ogg" }[type] ?? "webm"}`;
    const long = Date.now() - this.begun;
    this.end();
    if (long > TAP) begin(this.place, new File(this.parts, name, { type }));
  }

  end() {
    clearInterval(this.clock);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.sound?.close();
    this.recording = false;
    this.tape = this.stream = this.sound = null;
    this.place.classList.remove("recording");
    this.button.textContent = this.said;
    this.button.setAttribute("aria-pressed", "false");
  }

  // How loud it is, so that one sees that one is heard.
  listen() {
    this.sound = new AudioContext();
    this.meter = this.sound.createAnalyser();
    this.meter.fftSize = 256;
    this.sound.createMediaStreamSource(this.stream).connect(this.meter);
    this.wave = new Uint8Array(this.meter.fftSize);
    this.level = make("meter", { min: 0, max: 1, "aria-hidden": "true" });
    this.time = make("span", { role: "timer" });
    this.place.classList.add("recording");
    this.button.replaceChildren(this.time, this.level);
    this.button.setAttribute("aria-pressed", "true");
  }

  tick() {
    if (!this.tape) return;
    const gone = (Date.now() - this.begun) / 1000;
    this.meter.getByteTimeDomainData(this.wave);
    this.level.value = Math.min(1, Math.max(...this.wave.map((one) => Math.abs(one - 128))) / 64);
    this.time.textContent = this.most ? word("seconds_left", { n: Math.max(0, Math.ceil(this.most - gone)) }) : clock(gone);
    if (this.most && gone >= this.most) this.stop();
  }

  tell(text) {
    const note = this.place.querySelector("[data-note]");
    note.hidden = !text;
    note.textContent = text;
  }
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
