// Files go up as soon as they are chosen: [data-upload=name][data-size=most bytes] with the list .files. They are posted to the form's
// data-upload-to (else /files) as `file`, with `form` and `field`; the answer is {"uid", "name", "url", "thumb"}, and the uid
// stands in a hidden input. [data-camera] is taken anew by one press beside its thumbnail; [data-watermark~=place] says where it was taken.
import { changed, csrfToken, each, icon, make } from "./dom.js";
import { whereabouts } from "./locate.js";
import { showToast } from "./toast.js";
import { word } from "./words.js";

export function mountUploads(root) {
  each(root, "[data-upload]", (place) => {
    const input = place.querySelector("input[type=file]");
    input?.addEventListener("change", () => {
      for (const file of input.files) begin(place, file, place.retaken);
      input.value = "";
      place.retaken = null;
    });
    place.addEventListener("click", (event) => {
      if (event.target.closest("[data-retake]")) {
        place.retaken = event.target.closest("li");
        input.click();
      }
      if (!event.target.closest("[data-remove]")) return;
      event.target.closest("li").remove();
      changed(place);
    });
    place.addEventListener("restore", ({ detail }) => {
      place.querySelector(".files").replaceChildren();
      for (const [, uid, text] of detail) if (uid && text) show(place, JSON.parse(text), newItem(place));
    });
    for (const kind of ["dragover", "dragleave", "drop"]) {
      place.addEventListener(kind, (event) => {
        event.preventDefault();
        place.classList.toggle("over", kind === "dragover");
        if (kind === "drop") for (const file of event.dataTransfer.files) begin(place, file);
      });
    }
  });
}

// `instead` is the item that the new one replaces.
export function begin(place, file, instead) {
  const most = Number(place.dataset.size);
  if (most && file.size > most) {
    showToast(word("too_big", { n: Math.floor(most / 1024 / 1024) }));
    return;
  }
  if (!place.querySelector("input[multiple]")) place.querySelector(".files").replaceChildren();
  const item = newItem(place);
  if (instead?.isConnected) instead.replaceWith(item);
  send(place, file, item);
}

function newItem(place) {
  const item = make("li");
  place.querySelector(".files").append(item);
  return item;
}

async function send(place, file, item) {
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
  if (place.dataset.watermark?.split(" ").includes("place")) body.append("place", await whereabouts());
  request.send(body);
}

function show(place, { uid, name, url, thumb }, item) {
  const shown = { href: url || undefined, target: url ? "_blank" : undefined };
  const sound = place.dataset.record === "audio" && url;
  const link = sound ? make("audio", { controls: true, src: url, "aria-label": name }) : make("a", shown, thumb ? make("img", { src: thumb, alt: name }) : name);
  const kept = make("input", { type: "hidden", name: place.dataset.upload, value: uid, "data-text": JSON.stringify({ uid, name, url, thumb }) });
  const again = "camera" in place.dataset ? [make("button", { class: "retake", type: "button", "data-retake": true }, word("retake"))] : [];
  item.replaceChildren(...(thumb || sound ? [] : [icon("file")]), link, kept, ...again, remover());
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
