// Rows inside a form: [data-lines=name] as fields/lines.html draws it; cells are named name-row-column, the template's row __row__.
// A table pasted from a spreadsheet fills rows from the cell on; arrows walk up and down, Enter goes on to the next row or begins one.
import { changed, each } from "./dom.js";
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
  row.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: row } }));
  changed(body);
  return row;
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
  const begun = !to && event.key === "Enter" && addLine(body.closest("[data-lines]"));
  const control = begun ? controls(begun)[0] : to && controls(to)[controls(row).indexOf(event.target)];
  if (!control) return;
  control.focus();
  control.select?.();
}
