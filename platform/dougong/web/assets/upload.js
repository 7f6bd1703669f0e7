// Files go up as soon as they are chosen: [data-upload=name][data-size=most bytes] with the list .files. They are posted to the form's
// data-upload-to (else /files) as `file`, with `form` and `field`; the answer is {"uid", "name", "url", "thumb"}, and the uid
// stands in a hidden input. A signature is drawn on its canvas and goes the same way.
import { changed, csrfToken, each, icon, make } from "./dom.js";
import { showToast } from "./toast.js";
import { word } from "./words.js";

export function mountUploads(root) {
  each(root, "[data-upload]", (place) => {
    const input = place.querySelector("input[type=file]");
    input?.addEventListener("change", () => {
      for (const file of input.files) begin(place, file);
      input.value = "";
    });
    place.addEventListener("click", (event) => {
      if (!event.target.closest("[data-remove]")) return;
      event.target.closest("li").remove();
      changed(place);
    });
    place.addEventListener("restore", ({ detail }) => {
      place.querySelector(".files").replaceChildren();
      for (const [, uid, text] of detail) if (uid && text) show(place, JSON.parse(text), newItem(place));
    });
    if ("signature" in place.dataset) sign(place);
    for (const kind of ["dragover", "dragleave", "drop"]) {
      place.addEventListener(kind, (event) => {
        event.preventDefault();
        place.classList.toggle("over", kind === "dragover");
        if (kind === "drop") for (const file of event.dataTransfer.files) begin(place, file);
      });
    }
  });
}

function begin(place, file) {
  const most = Number(place.dataset.size);
  if (most && file.size > most) {
    showToast(word("too_big", { n: Math.floor(most / 1024 / 1024) }));
    return;
  }
  if (!place.querySelector("input[multiple]")) place.querySelector(".files").replaceChildren();
  send(place, file, newItem(place));
}

function newItem(place) {
  const item = make("li");
  place.querySelector(".files").append(item);
  return item;
}

function send(place, file, item) {
  const bar = make("progress", { max: 100, value: 0 });
  const note = make("span", {}, word("uploading", { n: 0 }));
  const form = place.closest("form");
  const request = new XMLHttpRequest();
  item.replaceChildren(icon("file"), note, bar);
  request.open("POST", form?.dataset.uploadTo ?? "/files");
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = (loaded / total) * 100;
    note.textContent = word("uploading", { n: Math.floor(bar.value) });
  });
  request.addEventListener("loadend", () => {
    if (request.status >= 200 && request.status < 300) show(place, request.response, item);
    else fail(place, file, item, request.response?.message);
  });
  const body = new FormData();
  body.append("file", file);
  body.append("form", form?.dataset.form?.split(":")[0] ?? "");
  body.append("field", place.dataset.field ?? "");
  request.send(body);
}

function show(place, { uid, name, url, thumb }, item) {
  const link = make("a", { href: url }, thumb ? make("img", { src: thumb, alt: name }) : name);
  const kept = make("input", { type: "hidden", name: place.dataset.upload, value: uid, "data-text": JSON.stringify({ uid, name, url, thumb }) });
  item.replaceChildren(...(thumb ? [] : [icon("file")]), link, kept, remover());
  changed(place);
}

function fail(place, file, item, message) {
  const again = make("button", { class: "button small", type: "button" }, word("retry"));
  again.addEventListener("click", () => send(place, file, item));
  item.replaceChildren(make("span", { class: "late" }, message ?? word("upload_failed")), again, remover());
}

function remover() {
  return make("button", { type: "button", class: "remove", "data-remove": true, "aria-label": word("remove") }, "×");
}

function sign(place) {
  const canvas = place.querySelector("canvas");
  const pen = canvas.getContext("2d");
  Object.assign(pen, { lineWidth: 3, lineCap: "round", lineJoin: "round", strokeStyle: "#1a1e22" });
  const at = (event) => [(event.offsetX / canvas.clientWidth) * canvas.width, (event.offsetY / canvas.clientHeight) * canvas.height];
  const clear = () => pen.clearRect(0, 0, canvas.width, canvas.height);
  let finished;
  canvas.addEventListener("pointerdown", (event) => {
    clearTimeout(finished);
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
  });
  canvas.addEventListener("pointerup", () => {
    finished = setTimeout(() => canvas.toBlob((drawn) => begin(place, new File([drawn], "signature.png", { type: "image/png" }))), 1500);
  });
  place.querySelector("[data-clear]").addEventListener("click", () => {
    clearTimeout(finished);
    clear();
  });
}
