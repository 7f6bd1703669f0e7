// A record beside its list, at a wide desk: a press on a row opens it in #panel, the address says ?open=uid, so that reload and back work.
// [data-panel-close] shuts it, [data-panel-page] makes it the page. On a narrower screen a row is an ordinary link.
import htmx from "htmx.org";
import { make } from "./dom.js";
import { word } from "./words.js";

const wide = matchMedia("(min-width: 1200px)");
const panel = () => document.getElementById("panel");
const rows = () => [...document.querySelectorAll(".list tbody tr[data-uid]")];
const address = (row) => row.querySelector(".name a").getAttribute("href");
const asked = () => new URLSearchParams(location.search).get("open");

export const isOpen = () => Boolean(panel() && !panel().hidden);
export const chosenRow = () => document.querySelector(".list tr[aria-selected=true]");

export function listenForPanels() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(".list td.name a");
    const other = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    if (link && !other && openRow(link.closest("tr"))) event.preventDefault();
    if (event.target.closest?.("[data-panel-close]")) closePanel();
  });
  window.addEventListener("popstate", () => panel() && follow());
  document.addEventListener("htmx:pushedIntoHistory", () => isOpen() && remember(panel().dataset.uid, false));
}

// A list that has just come: the row that is open stands out, and an address with ?open= opens it.
export function mountPanel() {
  if (!panel()) return;
  const uid = panel().dataset.uid;
  if (isOpen()) mark(rows().find((row) => row.dataset.uid === uid));
  else if (asked()) follow();
}

// False where this screen has no room for it.
export function openRow(row) {
  if (!panel() || !wide.matches || !row?.dataset.uid) return false;
  const fresh = !isOpen();
  mark(row);
  show(row.dataset.uid, address(row));
  remember(row.dataset.uid, fresh);
  return true;
}

export function closePanel() {
  hide();
  remember("", true);
  chosenRow()?.querySelector(".name a").focus({ preventScroll: true });
}

// The network is gone: the panel says so and can be asked for again.
export function missingPart(place) {
  const again = make("button", { class: "button", type: "button" }, word("retry"));
  again.addEventListener("click", () => load(place.dataset.url));
  place.replaceChildren(make("div", { class: "empty", role: "alert" }, make("p", {}, word("part_missing")), again));
}

export function mark(row) {
  for (const other of rows()) other.setAttribute("aria-selected", String(other === row));
  row?.scrollIntoView({ block: "nearest" });
}

function follow() {
  const uid = asked();
  if (!uid) {
    hide();
    return;
  }
  const row = rows().find((one) => one.dataset.uid === uid);
  const url = row ? address(row) : `${document.querySelector("[data-list]").dataset.list}/${encodeURIComponent(uid)}`;
  if (!wide.matches) {
    location.replace(url);
    return;
  }
  mark(row);
  show(uid, url);
}

function show(uid, url) {
  if (panel().dataset.uid === uid && isOpen()) return;
  panel().dataset.uid = uid;
  panel().dataset.url = url;
  panel().hidden = false;
  load(url);
}

function load(url) {
  htmx.ajax("GET", url, { target: "#panel", swap: "innerHTML show:none" }).catch(() => {});
}

function hide() {
  panel().hidden = true;
  panel().dataset.uid = "";
  panel().replaceChildren();
}

function remember(uid, anew) {
  const url = new URL(location.href);
  if (uid) url.searchParams.set("open", uid);
  else url.searchParams.delete("open");
  if (anew) history.pushState({ panel: uid }, "", url);
  else history.replaceState(history.state, "", url);
}
