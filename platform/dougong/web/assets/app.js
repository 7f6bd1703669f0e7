// Every page's script: htmx with our token and errors, and the small islands. An island's mount(root) may run again on new parts.
import htmx from "htmx.org";
import { csrfToken } from "./dom.js";
import { mountForms } from "./form.js";
import { listenForKeys } from "./keys.js";
import { mountLines } from "./lines.js";
import { mountPickers } from "./picker.js";
import { listenForSheets, mountSheets } from "./sheet.js";
import { listenForToasts, mountToasts, showToast } from "./toast.js";
import { mountUploads } from "./upload.js";
import { word } from "./words.js";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
// A pop-up waits until the sheet that stands open is done with, and is not drawn anew while it is read.
document.addEventListener("htmx:beforeRequest", (event) => {
  const asking = event.detail.elt.id === "waiting";
  if (asking && (document.hidden || document.querySelector("dialog[open]"))) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && document.getElementById("waiting")) htmx.trigger("#waiting", "load");
});
document.addEventListener("htmx:responseError", () => showToast(word("server_error")));
document.addEventListener("htmx:sendError", () => showToast(word("offline")));

listenForToasts();
listenForSheets();
listenForKeys();

htmx.onLoad((root) => {
  for (const mount of [mountToasts, mountSheets, mountPickers, mountUploads, mountLines, mountForms]) mount(root);
  for (const stage of root.querySelectorAll(".stages [aria-current]")) {
    stage.parentElement.scrollLeft = stage.offsetLeft - stage.parentElement.clientWidth / 3;
  }
});
