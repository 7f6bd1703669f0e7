// A form that thinks along: [data-form=key]. `data-rules` (JSON) says, by field id:
//   {"fields": {id: {"kind", "percent", "required", "required_when", "visible_when", "readonly_when", "formula"}},
//    "lines": {id: {"fields": {…}}}, "values": {path: …}, "offset": "+08:00"}
// The conditions are expr/to_json trees, read by expr.js; the server stays the authority and decides again.
// `values` holds what conditions read but the form doesn't show. What is typed is kept as a draft until the server has it
// (a toast with data-saved=key); a form that comes back with faults says data-refused and is not overwritten.
import { add } from "./lines.js";
import { each, later } from "./dom.js";
import { dropDraft, keepDraft, readDraft } from "./draft.js";
import { compute } from "./rules.js";
import { showToast } from "./toast.js";
import { word } from "./words.js";

export function mountForms(root) {
  each(root, "form[data-form]", (form) => new Form(form));
}

class Form {
  constructor(form) {
    this.form = form;
    this.key = form.dataset.form;
    this.rules = JSON.parse(form.dataset.rules || "{}");
    this.before = entriesOf(form);
    if (!("refused" in form.dataset)) this.restore();
    const keep = later(300, () => keepDraft(this.key, form));
    form.addEventListener("input", (event) => {
      keep();
      this.touched(event.target);
      this.update();
    });
    form.addEventListener("change", () => this.update());
    form.addEventListener("submit", (event) => this.submit(event), { capture: true });
    form.querySelector("[data-missing]")?.addEventListener("click", () => this.walk());
    this.update();
    form.querySelector(".field.invalid")?.scrollIntoView({ block: "center" });
  }

  restore() {
    const draft = readDraft(this.key);
    if (!draft || JSON.stringify(draft) === this.before) return;
    for (const lines of this.form.querySelectorAll("[data-lines]")) {
      const wanted = Math.max(-1, ...draft.filter(([name]) => name.startsWith(`${lines.dataset.lines}.`)).map(([name]) => Number(name.split(".")[1])));
      while (Number(lines.dataset.next) <= wanted) add(lines);
    }
    fill(this.form, draft);
    const again = () => {
      dropDraft(this.key);
      location.reload();
    };
    showToast(word("draft_back"), { label: word("discard_draft"), act: again });
  }

  // A prefilled value that was touched is the person's own; a fault that is being mended is no longer shown.
  touched(control) {
    const field = control.closest(".field");
    if (!field) return;
    field.querySelector(".from")?.remove();
    this.fault(field, "");
  }

  update() {
    const state = compute(this.form, this.rules);
    for (const [id, { visible, required, readonly, value }] of Object.entries(state)) {
      const field = this.form.querySelector(`[data-field="${CSS.escape(id)}"]`);
      if (!field) continue;
      field.hidden = !visible;
      field.toggleAttribute("data-required", required);
      const optional = field.querySelector(".optional");
      if (optional) optional.hidden = required;
      for (const control of field.querySelectorAll("input, select, textarea")) control.toggleAttribute("readonly", readonly);
      const shown = field.querySelector("[data-computed]");
      if (shown) shown.textContent = value ?? "";
    }
    for (const section of this.form.querySelectorAll(".section")) {
      const fields = [...section.querySelectorAll(".field")];
      section.hidden = fields.length > 0 && fields.every((field) => field.hidden);
    }
    const count = this.missing().length;
    const foot = this.form.querySelector("[data-missing]");
    if (!foot) return;
    foot.dataset.count = count;
    foot.textContent = count ? `${word("missing", { n: count })} ›` : "";
  }

  missing() {
    return [...this.form.querySelectorAll(".field[data-required]:not([hidden])")].filter((field) => !filled(field));
  }

  walk() {
    const [first] = this.missing();
    if (!first) return;
    first.scrollIntoView({ block: "center", behavior: "smooth" });
    first.querySelector("input:not([type=hidden]), select, textarea")?.focus({ preventScroll: true });
  }

  submit(event) {
    if (event.submitter?.hasAttribute("formnovalidate")) return;
    const missing = this.missing();
    for (const field of missing) this.fault(field, word("required"));
    if (!missing.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.walk();
  }

  fault(field, text) {
    field.classList.toggle("invalid", Boolean(text));
    const error = field.querySelector(".error");
    if (!error) return;
    error.hidden = !text;
    error.querySelector("span").textContent = text;
  }
}

function filled(field) {
  const controls = [...field.querySelectorAll("input[name], select[name], textarea[name]")];
  return controls.some((control) => (/radio|checkbox/.test(control.type) ? control.checked : control.value.trim() !== ""));
}

function entriesOf(form) {
  return JSON.stringify([...new FormData(form)].filter(([name, value]) => typeof value === "string" && !/csrf|password/.test(name)));
}

// Puts a draft's values into the controls of the same name; what a picker or an upload had chosen stays as the server sent it.
function fill(form, draft) {
  const byName = Map.groupBy ? Map.groupBy(draft, ([name]) => name) : group(draft);
  for (const control of form.elements) {
    if (!control.name || !byName.has(control.name) || control.type === "hidden" || control.type === "file") continue;
    const values = byName.get(control.name).map(([, value]) => value);
    if (/radio|checkbox/.test(control.type)) control.checked = values.includes(control.value);
    else control.value = values.shift();
  }
}

function group(draft) {
  const out = new Map();
  for (const entry of draft) out.set(entry[0], [...(out.get(entry[0]) ?? []), entry]);
  return out;
}
