// Every page's script: htmx with our token and errors, and the small islands. An island's mount(root) may run again on new parts.
import htmx from "htmx.org";
import { listenForCells } from "./cell.js";
import { listenForRail, mountDesk } from "./desk.js";
import { csrfToken } from "./dom.js";
import { mountEditors } from "./editor.js";
import { mountForms } from "./form.js";
import { listenForKeys } from "./keys.js";
import { mountLines } from "./lines.js";
import { listenForPlaces } from "./locate.js";
import { listenForPanels, missingPart, mountPanel } from "./panel.js";
import { mountPickers } from "./picker.js";
import { mountRecorders } from "./recorder.js";
import { listenForScans } from "./scan.js";
import { listenForSheets, mountSheets } from "./sheet.js";
import { mountSignatures } from "./signature.js";
import { listenForTicks, mountTicks } from "./ticks.js";
import { listenForToasts, mountToasts, showToast } from "./toast.js";
import { mountUploads } from "./upload.js";
import { word } from "./words.js";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRFToken"] = csrfToken();
});
// A pop-up waits until the sheet that stands open is done with, and is not drawn anew while it is read.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { id } = event.detail.elt;
  if (id === "since" && document.hidden) event.preventDefault();
  if (id === "waiting" && (document.hidden || document.querySelector("dialog[open]"))) event.preventDefault();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  if (document.getElementById("waiting")) htmx.trigger("#waiting", "load");
  if (document.getElementById("since")) htmx.trigger("#since", "look");
});
// What the server refuses is said where it would have stood, or in a toast; never a blank.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!detail.isError || !["panel", "list"].includes(detail.target.id) || detail.xhr.status >= 500) return;
  detail.shouldSwap = true;
  detail.isError = false;
});
document.addEventListener("htmx:responseError", ({ detail }) => {
  if (!["waiting", "since"].includes(detail.elt.id)) showToast(sentenceOf(detail.xhr) || word("server_error"));
});
document.addEventListener("htmx:sendError", ({ detail }) => {
  if (["waiting", "since"].includes(detail.elt.id)) return;
  if (detail.target?.id === "panel") missingPart(detail.target);
  else showToast(word("offline"));
});

function sentenceOf(xhr) {
  const part = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[role=alert] p");
  return part?.textContent ?? "";
}

listenForToasts();
listenForSheets();
listenForKeys();
listenForScans();
listenForPlaces();
listenForPanels();
listenForTicks();
listenForRail();
listenForCells();

htmx.onLoad((root) => {
  const mounts = [mountToasts, mountSheets, mountPickers, mountUploads, mountRecorders, mountSignatures, mountEditors, mountLines, mountForms, mountTicks, mountDesk, mountPanel];
  for (const mount of mounts) mount(root);
  for (const stage of root.querySelectorAll(".stages [aria-current]")) {
    stage.parentElement.scrollLeft = stage.offsetLeft - stage.parentElement.clientWidth / 3;
  }
});
