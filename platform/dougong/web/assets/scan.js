// Scanning: [data-scan=id of the input] opens the camera in a sheet; what the code says goes into the input, or to its picker, which hears
// "scanned". Typing stands in the same sheet, and a photo will do where there is no camera.
import { changed, make, icon } from "./dom.js";
import { word } from "./words.js";

const WIDEST = 1024; // pixels that are read; more is slower and finds no more

export function listenForScans() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("button[data-scan]");
    if (opener) new Scan(document.getElementById(opener.dataset.scan));
  });
}

class Scan {
  constructor(input) {
    this.input = input;
    this.canvas = make("canvas");
    this.video = make("video", { playsinline: true, muted: true, "aria-hidden": "true" });
    this.video.muted = true;
    this.note = make("p", { class: "hint", role: "status" }, word("scan_hint"));
    this.sheet = this.draw();
    document.body.append(this.sheet);
    this.sheet.addEventListener("close", () => this.end());
    this.sheet.showModal();
    this.look();
  }

  draw() {
    const close = make("button", { class: "icon-button", type: "button", "data-close": true, "aria-label": word("close") }, icon("x"));
    const head = make("header", { class: "sheet-head" }, make("h2", {}, word("scan")), close);
    const typed = make("input", { class: "input", type: "text", "aria-label": word("type_code"), placeholder: word("type_code"), autocomplete: "off" });
    const take = make("button", { class: "button primary", type: "submit" }, word("take_code"));
    const form = make("form", { class: "with-button", method: "dialog" }, typed, take);
    const photo = make("input", { type: "file", accept: "image/*" });
    const chooser = make("label", { class: "button" }, icon("image"), word("from_photo"), photo);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (typed.value.trim()) this.take(typed.value.trim());
    });
    photo.addEventListener("change", () => this.read(photo));
    const body = make("div", { class: "sheet-body scan-body" }, this.video, this.note, form, make("div", { class: "upload" }, chooser));
    return make("dialog", { class: "sheet", "aria-label": word("scan") }, make("div", { class: "sheet-frame" }, head, body));
  }

  async look() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    } catch {
      this.video.hidden = true;
      this.note.textContent = word("no_camera");
      return;
    }
    if (!this.sheet.open) return this.end();
    this.video.srcObject = this.stream;
    await this.video.play();
    const { decode } = await import("./decode.js");
    while (this.sheet.open) {
      const found = this.video.videoWidth && (await decode(this.picture(this.video, this.video.videoWidth, this.video.videoHeight)));
      if (found) return this.take(found);
      await new Promise((done) => setTimeout(done, 120));
    }
  }

  async read(photo) {
    const [file] = photo.files;
    photo.value = "";
    const { decode } = await import("./decode.js");
    const drawn = file && (await createImageBitmap(file).catch(() => null));
    const found = drawn && (await decode(this.picture(drawn, drawn.width, drawn.height)));
    if (found) this.take(found);
    else this.note.textContent = word("no_code");
  }

  picture(drawn, width, height) {
    const scale = Math.min(1, WIDEST / Math.max(width, height));
    Object.assign(this.canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    this.canvas.getContext("2d", { willReadFrequently: true }).drawImage(drawn, 0, 0, this.canvas.width, this.canvas.height);
    return this.canvas;
  }

  take(text) {
    navigator.vibrate?.(50);
    this.sheet.close();
    const picker = this.input.closest(".picker[data-picker]");
    if (picker) picker.dispatchEvent(new CustomEvent("scanned", { detail: text }));
    else {
      this.input.value = text;
      changed(this.input);
    }
  }

  end() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.sheet.remove();
  }
}
