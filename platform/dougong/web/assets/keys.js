// The keyboard: J and K walk a list, Enter opens (beside the list, then as the page), X ticks, E edits a cell of the row, Esc goes back; [data-key=e] is pressed
// (a field: entered) by its key; [ folds the rail;
// Ctrl/⌘ K searches everything at the address of [data-find]; ? shows the keys.
import { editRow } from "./cell.js";
import { ask, later, make } from "./dom.js";
import { fold } from "./desk.js";
import { chosenRow, closePanel, isOpen, mark, openRow } from "./panel.js";
import { tickRow } from "./ticks.js";
import { word } from "./words.js";

const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]");

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openSearch();
    } else if (event.key === "Escape" && event.target.closest("#panel textarea, #panel input, .toolbar input")) {
      event.target.blur();
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target) && press(event.key)) {
      event.preventDefault();
    }
  });
  document.addEventListener("click", (event) => event.target.closest("[data-find]") && openSearch());
}

function press(key) {
  if (key === "j" || key === "k") return walk(key === "j" ? 1 : -1);
  if (key === "Enter") return enter();
  if (key === "e" && !isOpen() && editRow(chosenRow())) return true;
  if (key === "x") return tickRow(chosenRow());
  if (key === "[") return fold() ?? true;
  if (key === "Escape" && leave()) return true;
  if (key === "?") {
    document.getElementById("keys")?.showModal();
    return true;
  }
  const wanted = `[data-key="${CSS.escape(key === "Escape" ? "escape" : key.toLowerCase())}"]`;
  const target = (isOpen() && document.querySelector(`#panel ${wanted}`)) || document.querySelector(wanted);
  if (!target) return false;
  if (target.matches("input, textarea, select")) target.focus();
  else target.click();
  return true;
}

function walk(step) {
  const rows = [...document.querySelectorAll(".list tbody tr")];
  if (!rows.length) return false;
  const here = rows.indexOf(chosenRow());
  const to = rows[Math.max(0, Math.min(rows.length - 1, here + step))];
  mark(to);
  if (isOpen()) openRow(to);
  return true;
}

// First beside the list, then as the page; a button or link that has the focus keeps its own Enter.
function enter() {
  const row = chosenRow();
  const focused = document.activeElement;
  if (focused.matches("button, summary, a") && !focused.closest("tr, [data-panel-close]")) return false;
  if (isOpen()) {
    location.assign(document.getElementById("panel").dataset.url);
    return true;
  }
  if (!row) return false;
  if (!openRow(row)) row.querySelector(".name a").click();
  return true;
}

// Out of the panel to the row; from a record's page to where one came from.
function leave() {
  if (isOpen()) {
    closePanel();
    return true;
  }
  const back = document.querySelector("[data-back]");
  if (!back) return false;
  const from = document.referrer && new URL(document.referrer);
  if (from && from.origin === location.origin && from.pathname === new URL(back.href).pathname) history.back();
  else back.click();
  return true;
}

let dialog;

function openSearch() {
  const address = document.querySelector("[data-find]")?.dataset.find;
  if (!address) return;
  dialog ??= buildSearch(address);
  dialog.showModal();
  dialog.querySelector("input").select();
}

function buildSearch(address) {
  const input = make("input", { class: "control", type: "search", placeholder: word("type_to_search"), "aria-label": word("type_to_search") });
  const list = make("div", { class: "picker-list", role: "listbox", hidden: true });
  const built = make("dialog", { class: "sheet find wide" }, input, list);
  const options = () => [...list.querySelectorAll("[role=option]")];
  const point = (to) => options().forEach((option) => option.setAttribute("aria-selected", String(option === to)));
  const look = later(120, async () => {
    const text = input.value.trim();
    const found = text ? await ask(`${address}?q=${encodeURIComponent(text)}`) : [];
    if (text !== input.value.trim()) return;
    const rows = (found ?? []).map(({ text: name, note, url }) => {
      const option = make("div", { role: "option", "data-url": url }, name);
      if (note) option.append(make("small", {}, note));
      return option;
    });
    list.replaceChildren(...(rows.length || !text ? rows : [make("div", { class: "group" }, word("nothing_found"))]));
    list.hidden = !text;
    point(rows[0]);
  });
  input.addEventListener("input", look);
  input.addEventListener("keydown", (event) => {
    const all = options();
    const here = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") point(all[Math.min(here + 1, all.length - 1)]);
    else if (event.key === "ArrowUp") point(all[Math.max(here - 1, 0)]);
    else if (event.key === "Enter" && all[here] && !event.isComposing) location.assign(all[here].dataset.url);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(option.dataset.url);
  });
  document.body.append(built);
  return built;
}
