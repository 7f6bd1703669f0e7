// What the rules of a form say for what stands in it now: {field id: {visible, required, readonly, value}}, and what the formulas of its
// lines give: {lines id: {row number: {field id: value}}}.
// Values have the shapes of expr/values.py: decimals and dates as text, instants in UTC, lists as arrays, empty as null.
// What only the server can answer (it reads other records, or is no formula of the browser) stays as the server drew it.
import { evaluate } from "./expr.js";
import { rowOf } from "./lines.js";

export function compute(form, { fields = {}, lines = {}, values = {}, env = {}, offset = "+08:00" }) {
  const row = { ...values };
  for (const [id, rule] of Object.entries(fields)) if (!rule.formula) row[id] = valueOf(form, id, rule, offset);
  const around = { now: Date.now(), ...env };
  const ask = (tree) => answer(tree, row, around);
  const sums = {};
  for (const [id, rule] of Object.entries(lines)) [row[id], sums[id]] = rowsOf(form, id, rule.fields, offset, around);
  for (const [id, { formula }] of Object.entries(fields)) if (formula) row[id] = ask(formula);
  const out = {};
  for (const [id, rule] of Object.entries(fields)) {
    const drawn = form.querySelector(`[data-field="${CSS.escape(id)}"]`);
    const visible = ask(rule.visible_when) ?? !drawn?.hidden;
    const wanted = ask(rule.required_when) ?? (rule.required_when ? drawn?.hasAttribute("data-required") : false);
    out[id] = { visible, required: Boolean(visible && (rule.required || wanted)), readonly: Boolean(ask(rule.readonly_when)), value: rule.formula && row[id] };
  }
  return [out, sums];
}

function answer(tree, row, env) {
  if (!tree || tree.op === "server") return undefined;
  try {
    return evaluate(tree, row, env);
  } catch {
    return undefined;
  }
}

// The rows as records, and by row number what its formulas give.
function rowsOf(form, lines, fields, offset, env) {
  const numbers = new Set([...form.elements].map(({ name }) => rowOf(lines, name ?? "")).filter(Number.isInteger));
  const worked = {};
  const rows = [...numbers].map((number) => {
    const row = {};
    for (const [id, rule] of Object.entries(fields)) if (!rule.formula) row[id] = valueOf(form, `${lines}-${number}-${id}`, rule, offset);
    const results = Object.entries(fields).filter(([, rule]) => rule.formula).map(([id, rule]) => [id, (row[id] = answer(rule.formula, row, env))]);
    worked[number] = Object.fromEntries(results);
    return row;
  });
  return [rows, worked];
}

function valueOf(form, name, { kind, percent }, offset) {
  const controls = [...form.elements].filter((control) => control.name === name);
  const given = controls.filter((control) => !/radio|checkbox/.test(control.type) || control.checked).map((control) => control.value.trim());
  if (kind === "yes_no") return given.includes("1");
  if (kind === "list" || kind === "records") return given.filter(Boolean);
  if (kind === "range") return given.some(Boolean) ? given.map((day) => day || null) : null;
  const text = (given.find(Boolean) ?? "").normalize("NFC");
  if (text === "") return null;
  if (kind === "number") return numberOf(text, percent);
  if (kind === "datetime") return instantOf(text, offset);
  return text;
}

// "¥1,286.50" and "１２８６" as people write them; a percentage is kept as its hundredth. What is no number is empty.
function numberOf(text, percent) {
  const plain = text.normalize("NFKC").replace(/[,\s¥%]/g, "");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain)) return null;
  const sign = plain.startsWith("-") ? "-" : "";
  const [whole, part = ""] = plain.replace(/^[+-]/, "").split(".");
  const digits = percent ? whole.padStart(3, "0") : whole || "0";
  const [head, tail] = percent ? [digits.slice(0, -2), digits.slice(-2) + part] : [digits, part];
  return `${sign}${head}${tail ? `.${tail}` : ""}`;
}

function instantOf(text, offset) {
  const at = new Date(/Z|[+-]\d\d:\d\d$/.test(text) ? text : `${text}${offset}`);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
