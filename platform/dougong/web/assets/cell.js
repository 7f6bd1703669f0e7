// A list's cell, edited where it stands, at the desk: double-click it, or E for the first of the chosen row; the columns whose cells may be edited
// say th[data-edit=field]. Enter saves and Esc leaves; Tab saves and goes on to the next such cell. The server answers with the control and its
// fault, or with nothing and the toast that takes it back (X-Toast); then the list is drawn anew, so that what follows from the cell is right, too.
import htmx from "htmx.org";
import { csrfToken } from "./dom.js";
import { mark } from "./panel.js";
import { showToast } from "./toast.js";
import { word } from "./words.js";

const wide = matchMedia("(min-width: 900px)");
const rows = () => [...document.querySelectorAll("#list tbody tr[data-uid]")];
const fieldOf = (td) => td.closest("table").querySelector("thead tr").children[td.cellIndex]?.dataset.edit;
let open = null; // {td, form}

export function listenForCells() {
  document.addEventListener("dblclick", (event) => {
    const td = event.target.closest?.("#list tbody td");
    if (td && wide.matches && fieldOf(td)) edit(td);
  });
  document.addEventListener("pointerdown", (event) => {
    if (open && !event.target.closest(".cell-edit, dialog")) leaveOrSave();
  });
}

// False where nothing of the row can be edited here.
export function editRow(row) {
  const td = row && wide.matches && [...row.cells].find(fieldOf);
  if (td) edit(td);
  return Boolean(td);
}

async function edit(td) {
  close();
  const path = `${document.getElementById("list").dataset.list}/${td.parentElement.dataset.uid}/cell/${fieldOf(td)}`;
  const answer = await send(path);
  if (!answer?.ok) return showToast(word(answer ? "cell_closed" : "offline"));
  draw(td, await answer.text());
}

function draw(td, html) {
  open?.form.remove();
  const form = new DOMParser().parseFromString(html, "text/html").querySelector("form");
  const { left, top, width } = td.getBoundingClientRect();
  form.style.top = `${top + scrollY - 4}px`;
  form.style.left = `${Math.max(8, Math.min(left, innerWidth - 380)) + scrollX - 4}px`;
  form.style.minWidth = `${Math.max(220, width)}px`;
  document.body.append(form);
  htmx.process(form);
  form.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: form } }));
  open = { td, form, before: entered(form) };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  form.addEventListener("keydown", keys);
  const control = form.querySelector("input:checked, input:not([type=hidden], [type=radio]), select, textarea, input[type=radio]");
  control?.focus({ preventScroll: true });
  control?.select?.();
}

function keys(event) {
  if (event.isComposing || event.defaultPrevented) return;
  const inList = event.target.getAttribute("aria-expanded") === "true";
  if (event.key === "Escape") close(true);
  else if (event.key === "Enter" && !inList && !event.target.matches("button, textarea")) save();
  else if (event.key === "Tab" && !inList) save(next(open.td, event.shiftKey ? -1 : 1));
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function next(td, step) {
  for (let to = td; (to = step > 0 ? to.nextElementSibling : to.previousElementSibling); ) if (fieldOf(to)) return to.cellIndex;
  return null;
}

const entered = (form) => new URLSearchParams(new FormData(form)).toString();

function leaveOrSave() {
  if (entered(open.form) === open.before) close();
  else save();
}

async function save(goTo = null) {
  const { td, form, before } = open;
  const uid = td.parentElement.dataset.uid;
  const onwards = () => {
    const row = rows().find((one) => one.dataset.uid === uid);
    if (row) mark(row);
    if (row && goTo !== null) edit(row.cells[goTo]);
  };
  if (entered(form) === before) {
    close(true);
    return onwards();
  }
  form.setAttribute("aria-busy", "true");
  const answer = await send(form.getAttribute("action"), { method: "POST", body: new FormData(form) });
  form.removeAttribute("aria-busy");
  if (answer?.status === 422) return draw(td, await answer.text());
  if (!answer?.ok) return showToast(word(answer ? "server_error" : "offline"));
  close();
  const told = JSON.parse(answer.headers.get("X-Toast"));
  if (told.text) showToast(told.text, told);
  await htmx.ajax("GET", location.href, { target: "#list", swap: "innerHTML show:none" });
  onwards();
}

function close(back = false) {
  if (!open) return;
  const { td, form } = open;
  open = null;
  form.remove();
  if (back && td.isConnected) mark(td.parentElement);
}

const send = (url, options = {}) => fetch(url, { ...options, headers: { "HX-Request": "true", "X-CSRFToken": csrfToken() } }).catch(() => null);
