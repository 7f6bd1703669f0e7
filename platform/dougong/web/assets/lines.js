// Rows inside a form: [data-lines=name] as fields/lines.html draws it; cells are named name-row-column, the template's row __row__.
// A new row begins with the constants of `data-defaults` ({"constants", "after", "url"}); after a column of `after` was changed the server says
// what follows from it (web/line_defaults.py). It fills what is empty or was filled so before ([data-auto]); a row that holds nothing else isn't sent.
// A table pasted from a spreadsheet fills rows from the cell on; arrows walk up and down, Enter goes on to the next row or begins one.
import { ask, changed, each, later } from "./dom.js";
import { showToast } from "./toast.js";
import { word } from "./words.js";

export function mountLines(root) {
  each(root, "[data-lines]", (lines) => {
    const body = lines.querySelector("tbody");
    lines.addEventListener("click", (event) => {
      if (event.target.closest("[data-add]")) controls(addLine(lines))[0]?.focus();
      const away = event.target.closest("[data-remove]");
      if (!away || away.closest("[data-upload], [data-picker]")) return;
      remove(away.closest("tr"), body);
    });
    lines.addEventListener("input", (event) => follow(event, lines));
    lines.addEventListener("paste", (event) => paste(event, lines));
    lines.addEventListener("keydown", (event) => walk(event, body));
  });
}

// The row number in a control's name, or NaN.
export function rowOf(lines, name) {
  return name.startsWith(`${lines}-`) ? Number(name.slice(lines.length + 1).split("-")[0]) : NaN;
}

const rowsIn = (lines) => new Set([...lines.querySelectorAll("tbody [name]")].map(({ name }) => rowOf(lines.dataset.lines, name)).filter(Number.isInteger));

// Taken out, and put back where it stood if that was a slip.
function remove(row, body) {
  const next = row.nextElementSibling;
  row.remove();
  changed(body);
  const back = () => {
    body.insertBefore(row, next?.parentElement === body ? next : null);
    changed(body);
  };
  showToast(word("line_removed"), { act: back });
}

// Makes the rows those of a draft.
export function setRows(lines, wanted) {
  for (const row of lines.querySelectorAll("tbody > tr")) {
    if (![...row.querySelectorAll("[name]")].some(({ name }) => wanted.has(rowOf(lines.dataset.lines, name)))) row.remove();
  }
  const there = rowsIn(lines);
  for (const number of [...wanted].sort((a, b) => a - b)) if (!there.has(number)) addLine(lines, number);
}

function addLine(lines, number = Math.max(-1, ...rowsIn(lines)) + 1) {
  const body = lines.querySelector("tbody");
  const next = String(number);
  const row = lines.querySelector("template").content.querySelector("tr").cloneNode(true);
  for (const element of row.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (value.includes("__row__")) element.setAttribute(name, value.replaceAll("__row__", next));
    }
  }
  body.append(row);
  for (const [column, value] of Object.entries(begun(lines).constants ?? {})) put(row, `${lines.dataset.lines}-${next}-${column}`, value);
  row.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: row } }));
  changed(body);
  return row;
}

const everyCell = (row) => [...row.querySelectorAll("[name]")];
const begun = (lines) => JSON.parse(lines.dataset.defaults || "{}");
const named = (row, name) => [...row.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
export const isAuto = (control) => control.dataset.auto !== undefined && control.dataset.auto === control.value;
const pending = new WeakMap();

// Rows in which nobody has entered anything: their controls are left out when the form is sent.
export function leaveUntouched(form) {
  const rows = [...form.querySelectorAll("[data-lines] tbody > tr")].filter((row) => row.querySelector("[data-auto]"));
  const given = (control) => (/radio|checkbox/.test(control.type) ? control.checked && control.value : control.value);
  const entered = (control) => given(control) && !isAuto(control) && !(control.type === "hidden" && control.value === "0");
  const left = rows.filter((row) => !everyCell(row).some(entered)).flatMap(everyCell);
  for (const control of left) control.disabled = true;
  setTimeout(() => left.forEach((control) => (control.disabled = false)));
}

function follow(event, lines) {
  const row = event.target.closest("tbody > tr");
  const name = event.target.closest("td")?.querySelector("[name]")?.name ?? "";
  const [number, column] = name.slice(lines.dataset.lines.length + 1).split("-");
  const { after = [], url } = begun(lines);
  if (!row || !after.includes(column)) return;
  const wait = pending.get(row) ?? later(200, (address) => fillRow(row, lines, address, number));
  pending.set(row, wait);
  wait(url);
}

async function fillRow(row, lines, url, number) {
  const body = new FormData(row.closest("form"));
  for (const control of row.querySelectorAll("[data-auto]")) if (isAuto(control)) body.delete(control.name);
  const found = (await ask(`${url}${number}`, { method: "POST", body })) ?? {};
  for (const [column, value] of Object.entries(found)) put(row, `${lines.dataset.lines}-${number}-${column}`, value);
  if (Object.keys(found).length && row.isConnected) changed(row.parentElement);
}

// Into a cell that is empty or was filled by us; the boxes of a choice are chosen by their value.
function put(row, name, value) {
  const all = named(row, name);
  const text = value === null || value === undefined ? "" : String(value === true ? 1 : value);
  const boxes = all.filter((control) => /radio|checkbox/.test(control.type));
  if (boxes.length) {
    if (boxes.some((box) => box.checked && box.value && !isAuto(box))) return;
    for (const box of boxes) if ((box.checked = box.value === text)) box.dataset.auto = text;
    return;
  }
  const [control] = all;
  if (!control || typeof value === "object" || (control.value && !isAuto(control))) return;
  control.value = control.dataset.auto = text;
}

const controls = (row) => [...row.querySelectorAll("input:not([type=hidden]), select, textarea")];

function paste(event, lines) {
  const cells = event.clipboardData.getData("text/plain").replace(/\r?\n$/, "").split(/\r?\n/).map((line) => line.split("\t"));
  if (cells.length === 1 && cells[0].length === 1) return;
  event.preventDefault();
  let row = event.target.closest("tr");
  const from = controls(row).indexOf(event.target);
  for (const [place, values] of cells.entries()) {
    if (place) row = row.nextElementSibling ?? addLine(lines);
    controls(row).slice(from).forEach((control, index) => {
      if (values[index] !== undefined) fill(control, values[index].trim());
    });
  }
}

// A record is looked for by its words, an option by its name.
function fill(control, text) {
  const picker = control.closest(".picker[data-picker]");
  if (picker) {
    picker.dispatchEvent(new CustomEvent("named", { detail: text }));
    return;
  }
  const option = control.matches("select") && [...control.options].find((one) => one.textContent.trim() === text);
  control.value = option ? option.value : text;
  changed(control);
}

function walk(event, body) {
  const step = { ArrowDown: 1, ArrowUp: -1, Enter: 1 }[event.key];
  const row = event.target.closest("tbody > tr");
  const open = event.target.getAttribute("aria-expanded") === "true";
  if (!step || !row || open || event.isComposing || event.defaultPrevented || !event.target.matches("input")) return;
  event.preventDefault();
  const to = body.children[[...body.children].indexOf(row) + step];
  const added = !to && event.key === "Enter" && addLine(body.closest("[data-lines]"));
  const control = added ? controls(added)[0] : to && controls(to)[controls(row).indexOf(event.target)];
  if (!control) return;
  control.focus();
  control.select?.();
}
