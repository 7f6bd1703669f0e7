// Files go up as soon as they are chosen: [data-upload=url] answers {"uid", "name", "url", "thumb"}; the form carries the uid.
import { changed, csrfToken, each, icon, make } from "./dom.js";
import { showToast } from "./toast.js";
import { word } from "./words.js";

export function mountUploads(root) {
  each(root, "[data-upload]", (place) => {
    const input = place.querySelector("input[type=file]");
    input.addEventListener("change", () => {
      for (const file of input.files) begin(place, file);
      input.value = "";
    });
    place.addEventListener("click", (event) => {
      if (!event.target.closest("[data-unpick]")) return;
      event.target.closest(".upload-item").remove();
      changed(input);
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

function begin(place, file) {
  const most = Number(place.dataset.most);
  if (file.size > most * 1024 * 1024) {
    showToast(word("too_big", { n: most }));
    return;
  }
  if (!("many" in place.dataset)) for (const old of place.querySelectorAll(".upload-item")) old.remove();
  const item = make("div", { class: "upload-item" });
  place.insertBefore(item, place.querySelector(".upload-add"));
  send(place, file, item);
}

function send(place, file, item) {
  const bar = make("progress", { max: 100, value: 0 });
  const note = make("span", {}, word("uploading", { n: 0 }));
  item.replaceChildren(icon("file"), note, bar);
  const request = new XMLHttpRequest();
  request.open("POST", place.dataset.upload);
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
  request.send(body);
}

function show(place, { uid, name, url, thumb }, item) {
  const picture = thumb ? make("img", { class: "thumb", src: thumb, alt: name }) : name;
  const away = make("button", { class: "icon-button", type: "button", "data-unpick": true, "aria-label": word("remove") }, icon("x"));
  const parts = [make("input", { type: "hidden", name: place.dataset.name, value: uid }), make("a", { href: url }, picture), away];
  item.replaceChildren(...(thumb ? parts : [icon("file"), ...parts]));
  changed(place.querySelector("input[type=file]"));
}

function fail(place, file, item, message) {
  const again = make("button", { class: "button small", type: "button" }, word("retry"));
  again.addEventListener("click", () => send(place, file, item));
  const away = make("button", { class: "icon-button", type: "button", "data-unpick": true, "aria-label": word("remove") }, icon("x"));
  item.replaceChildren(make("span", { class: "late" }, message ?? word("upload_failed")), again, away);
}
