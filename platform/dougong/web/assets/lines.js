// Rows inside a form: [data-lines=name]. A table pasted from a spreadsheet fills rows from the cell on; arrows walk up and down.
import { changed, each } from "./dom.js";

export function mountLines(root) {
  each(root, "[data-lines]", (lines) => {
    const body = lines.querySelector("tbody");
    lines.addEventListener("click", (event) => {
      if (event.target.closest("[data-add-line]")) controls(add(lines, body))[0]?.focus();
      const away = event.target.closest("[data-remove-line]");
      if (away) {
        away.closest("tr").remove();
        changed(body);
      }
    });
    lines.addEventListener("paste", (event) => paste(event, lines, body));
    lines.addEventListener("keydown", (event) => walk(event, body));
  });
}

export function add(lines, body = lines.querySelector("tbody")) {
  const next = Number(lines.dataset.next);
  lines.dataset.next = next + 1;
  const row = lines.querySelector("template").content.querySelector("tr").cloneNode(true);
  for (const element of row.querySelectorAll("*")) {
    for (const { name, value } of [...element.attributes]) {
      if (value.includes("__n__")) element.setAttribute(name, value.replaceAll("__n__", next));
    }
  }
  body.append(row);
  window.htmx.process(row);
  document.dispatchEvent(new CustomEvent("part", { detail: row }));
  changed(body);
  return row;
}

const controls = (row) => [...row.querySelectorAll(".control")];

function paste(event, lines, body) {
  const cells = (event.clipboardData.getData("text/plain") ?? "").replace(/\r?\n$/, "").split(/\r?\n/).map((line) => line.split("\t"));
  if (cells.length === 1 && cells[0].length === 1) return;
  event.preventDefault();
  const row = event.target.closest("tr");
  const from = controls(row).indexOf(event.target);
  let at = row;
  for (const [place, values] of cells.entries()) {
    if (place) at = at.nextElementSibling ?? add(lines, body);
    controls(at).slice(from).forEach((control, index) => {
      if (values[index] === undefined) return;
      control.value = values[index].trim();
      changed(control);
    });
  }
}

function walk(event, body) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.defaultPrevented || !event.target.matches("input.control:not([role])")) return;
  const row = event.target.closest("tr");
  const to = body.children[[...body.children].indexOf(row) + step];
  const control = to && controls(to)[controls(row).indexOf(event.target)];
  if (!control) return;
  event.preventDefault();
  control.focus();
  control.select?.();
}
