// A form that thinks along: [data-form=key]. `data-rules` (JSON) says, by field id:
//   {"fields": {id: {"kind", "percent", "unit" (¥), "required", "required_when", "visible_when", "readonly_when", "formula"}},
//    "lines": {id: {"fields": {…}}}, "values": {id: …}, "env": {"calendar", "me", "names", "settings", "old"}, "offset": "+08:00"}
// The conditions are expr/to_json trees, read by expr.js; the server stays the authority and decides again.
// `values` holds what conditions read but the form doesn't show, `env` what expr.js needs beside the record. What is typed is kept as a draft until the server has it
// (a toast with data-saved=key); a form that comes back with faults says data-refused and is not overwritten.
import { changed, each, later } from "./dom.js";
import { beginDraft, dropDraft, entriesOf, fillFrom, keepDraft, readDraft } from "./draft.js";
import { isAuto, leaveUntouched, setRows, rowOf } from "./lines.js";
import { withoutChosen } from "./picker.js";
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
    this.before = JSON.stringify(entriesOf(form));
    this.begin();
    const keep = later(300, () => keepDraft(this.key, form));
    form.addEventListener("input", (event) => {
      keep();
      this.touched(event.target);
      this.update();
    });
    form.addEventListener("change", () => this.update());
    form.addEventListener("pointerdown", (event) => this.unchoose(event));
    form.addEventListener("submit", (event) => this.submit(event), { capture: true });
    form.querySelector("[data-missing]")?.addEventListener("click", () => this.walk());
    this.update();
    form.querySelector(".field.invalid")?.scrollIntoView({ block: "center" });
  }

  async begin() {
    await beginDraft(this.key);
    if (!("refused" in this.form.dataset)) this.restore();
    this.choose();
    this.update();
    window.addEventListener("pagehide", () => this.dirty() && keepDraft(this.key, this.form));
  }

  dirty() {
    return !this.given && JSON.stringify(entriesOf(this.form)) !== this.before;
  }

  restore() {
    const draft = readDraft(this.key);
    if (!draft || JSON.stringify(draft) === this.before) return;
    for (const lines of this.form.querySelectorAll("[data-lines]")) {
      setRows(lines, new Set(draft.map(([name]) => rowOf(lines.dataset.lines, name)).filter(Number.isInteger)));
    }
    fillFrom(this.form, draft);
    if (asked().chosen) return;
    const again = () => {
      this.given = true;
      dropDraft(this.key);
      location.reload();
    };
    showToast(word("draft_back"), { label: word("discard_draft"), act: again });
  }

  // Back from making the record that a picker missed.
  choose() {
    const { chosen, uid } = asked();
    if (!chosen) return;
    history.replaceState(history.state, "", withoutChosen());
    const picker = this.form.querySelector(`.picker[data-field="${CSS.escape(chosen)}"]`);
    picker?.dispatchEvent(new CustomEvent("choose", { detail: uid }));
  }

  // A prefilled value that was touched is the person's own; a fault that is being mended is no longer shown.
  touched(control) {
    const field = control.closest(".field");
    if (!field) return;
    field.querySelector(".from")?.remove();
    this.fault(field, "");
  }

  // Pressing the chosen one of some optional choices again chooses nothing.
  unchoose(event) {
    const chosen = event.target.closest(".choices label")?.querySelector("input[type=radio]:checked");
    const none = chosen?.closest(".choices").querySelector(".none input");
    if (!none || none === chosen) return;
    chosen.addEventListener("click", () => {
      none.checked = true;
      changed(none);
    }, { once: true });
  }

  update() {
    const [state, lines] = compute(this.form, this.rules);
    for (const [id, { visible, required, readonly, value }] of Object.entries(state)) {
      const field = this.form.querySelector(`[data-field="${CSS.escape(id)}"]`);
      if (!field) continue;
      field.hidden = !visible;
      field.toggleAttribute("data-required", required);
      const optional = field.querySelector(".optional");
      if (optional) optional.hidden = required;
      for (const control of field.querySelectorAll("input, select, textarea")) control.toggleAttribute("readonly", readonly);
      const shown = field.querySelector("[data-computed]");
      if (shown) shown.textContent = value === null || value === undefined ? "" : written(value, this.rules.fields[id]);
    }
    this.total(lines);
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

  // The formulas of a line stand in it as outputs.
  total(lines) {
    for (const [id, rows] of Object.entries(lines)) {
      for (const [number, results] of Object.entries(rows)) {
        for (const [column, value] of Object.entries(results)) {
          const shown = document.getElementById(`${id}-${number}-${column}`);
          if (shown) shown.textContent = value === null || value === undefined ? "" : written(value, this.rules.lines[id].fields[column]);
        }
      }
    }
  }

  missing() {
    return [...this.form.querySelectorAll(".field[data-required]:not([hidden])")].filter((field) => !filled(field));
  }

  walk() {
    const [first] = this.missing();
    if (!first) return;
    first.scrollIntoView({ block: "center", behavior: "smooth" });
    first.querySelector("[role=textbox], input:not([type=hidden]), select, textarea")?.focus({ preventScroll: true });
  }

  submit(event) {
    if (event.submitter?.hasAttribute("formnovalidate")) return;
    if (this.unsent(event)) return;
    const missing = this.missing();
    for (const field of missing) this.fault(field, word("required"));
    if (!missing.length) {
      leaveUntouched(this.form);
      this.leaveHidden();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    this.walk();
  }

  // A file that is still on its way goes first; the form follows by itself once all have arrived.
  unsent(event) {
    for (const drawn of this.form.querySelectorAll("[data-unsent]")) drawn.dispatchEvent(new Event("finish"));
    if (!this.form.querySelector("[data-unsent], .files progress")) return false;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.waiting) return true;
    this.waiting = setInterval(() => {
      if (this.form.querySelector("[data-unsent], .files progress")) return;
      clearInterval(this.waiting);
      this.waiting = null;
      event.submitter?.removeAttribute("aria-busy");
      if (!this.form.querySelector(".files .late")) this.form.requestSubmit(event.submitter);
    }, 100);
    event.submitter?.setAttribute("aria-busy", "true");
    return true;
  }

  // What a person no longer sees isn't sent: people outside would be refused for it.
  leaveHidden() {
    for (const control of this.form.querySelectorAll(".field[hidden] :is(input, select, textarea)")) control.disabled = true;
    setTimeout(() => this.form.querySelectorAll(".field[hidden] :disabled").forEach((control) => (control.disabled = false)));
  }

  fault(field, text) {
    field.classList.toggle("invalid", Boolean(text));
    const error = field.querySelector(".error");
    if (!error) return;
    error.hidden = !text;
    error.querySelector("span").textContent = text;
  }
}

function asked() {
  const { searchParams } = new URL(location.href);
  return { chosen: searchParams.get("chosen"), uid: searchParams.get("chosen.uid") };
}

// A number as people read it: 1,286,000.00 with its unit in front; a percentage as such.
function written(value, { kind, percent, unit = "" }) {
  if (kind !== "number") return String(value);
  const [whole, part] = percent ? shifted(String(value)) : String(value).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${unit}${grouped}${part ? `.${part}` : ""}${percent ? " %" : ""}`;
}

function shifted(text) {
  const [whole, part = ""] = text.split(".");
  const digits = `${whole}${part.padEnd(2, "0").slice(0, 2)}`.replace(/^(-?)0+(?=\d)/, "$1");
  return [digits, part.slice(2).replace(/0+$/, "")];
}

function filled(field) {
  if (field.querySelector("[role=switch]")) return true;
  const controls = [...field.querySelectorAll("input[name], select[name], textarea[name]")];
  const off = (control) => (control.type === "hidden" && control.value === "0") || (/radio|checkbox/.test(control.type) && !control.checked);
  return controls.some((control) => !off(control) && !isAuto(control) && control.value.trim() !== "");
}
