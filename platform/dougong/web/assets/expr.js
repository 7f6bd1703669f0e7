// Formulas in the browser: the tree that expr/to_json.py writes, with the meaning of expr/to_python.py.
// Inside: a number is a BigInt · 10^scale, a date 'YYYY-MM-DD', an instant milliseconds since 1970, a span {millis, days, workdays},
// empty is null. Outside (rows, results): as expr/values.py writes JSON. No eval, no Function: the tree is walked.

import { addDays, dayOf, daysBetween, localParts, plus, plusDays, startOf, validDay } from "./calendar.js";

const LIMIT = 10n ** 12n;
const MAX_TEXT = 65536;
const MAX_DAYS = 100000;
const SPACES = " \t\n\r\u00a0\u3000";

/** The value of `tree` for `row`. env: {now, calendar: {zone, week, holidays, make_up_days}, me, old, names, settings}. */
export function evaluate(tree, row, env) {
  if (tree.op === "server") throw new Error("this formula is for the server");
  const around = { ...env, now: typeof env.now === "string" ? Date.parse(env.now) : env.now };
  return encode(run(tree, [row], around), tree);
}

function run(node, rows, env) {
  return OPS[node.op](node, rows, env);
}

// -- numbers

const power = (scale) => 10n ** BigInt(scale);
const abs = (x) => (x < 0n ? -x : x);
const scaleOf = (node) => node.scale || 0;

function halfUp(numerator, denominator) {
  const size = (2n * abs(numerator) + abs(denominator)) / (2n * abs(denominator));
  return numerator < 0n !== denominator < 0n ? -size : size;
}

function fit(value, scale) {
  return value === null || abs(value) >= LIMIT * power(scale) ? null : value;
}

function rescale(value, from, to) {
  if (value === null) return null;
  return fit(to >= from ? value * power(to - from) : halfUp(value, power(from - to)), to);
}

function parseNumber(raw, scale) {
  const match = /^([+-]?)([0-9]+)(?:\.([0-9]+))?$/.exec(String(raw).trim());
  if (!match) return null;
  const fraction = match[3] || "";
  const value = BigInt(match[2] + fraction) * (match[1] === "-" ? -1n : 1n);
  return rescale(value, fraction.length, scale);
}

function plain(value, scale) {
  if (!scale) return String(value);
  const digits = String(abs(value)).padStart(scale + 1, "0");
  return (value < 0n ? "-" : "") + digits.slice(0, -scale) + "." + digits.slice(-scale);
}

// -- values in and out

const nothing = (node) => (node.kind === "yes_no" ? false : node.kind === "list" || node.kind === "records" ? [] : null);

function decode(raw, node) {
  if (raw === null || raw === undefined || raw === "") return nothing(node);
  switch (node.kind) {
    case "number":
      return parseNumber(raw, scaleOf(node));
    case "datetime": {
      const at = typeof raw === "number" ? raw : Date.parse(raw);
      return Number.isNaN(at) ? null : at;
    }
    case "date":
      return validDay(raw) ? raw : null;
    case "range":
      return raw.some((end) => end) ? raw.map((end) => end || null) : null;
    case "span":
      return { millis: raw[0], days: raw[1], workdays: raw[2] };
    case "list":
      return raw.map((item) => decode(item, node.of));
    case "yes_no":
      return raw === true || raw === "true";
    case "text":
      return String(raw).normalize("NFC");
  }
  return raw;
}

function encode(value, node) {
  if (value === null || value === undefined) return null;
  switch (node.kind) {
    case "number":
      return scaleOf(node) ? plain(value, scaleOf(node)) : Number(value);
    case "datetime":
      return new Date(value).toISOString();
    case "span":
      return [value.millis, value.days, value.workdays];
    case "list":
      return node.of ? value.map((item) => encode(item, node.of)) : value;
  }
  return value;
}

// -- texts go by code point

const points = (text) => Array.from(text);
const orEmpty = (text) => text || null;

function compareText(a, b) {
  const left = points(a);
  const right = points(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const step = left[i].codePointAt(0) - right[i].codePointAt(0);
    if (step) return step;
  }
  return left.length - right.length;
}

function compareValues(a, b, kind) {
  if (kind === "text" || kind === "choice") return compareText(a, b);
  if (kind === "span") return spanMillis(a) - spanMillis(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

const spanMillis = (span) => span.millis + span.days * 86400000;

function comparison(holds) {
  return (node, rows, env) => {
    const a = run(node.args[0], rows, env);
    const b = run(node.args[1], rows, env);
    if (a === null || b === null) return false;
    const kind = node.args[0].kind;
    if (kind === "span" && (a.workdays || b.workdays)) return false;
    return holds(compareValues(a, b, kind));
  };
}

const same = (a, b) => a === b;

function calculation(exact) {
  return (node, rows, env) => {
    const a = run(node.args[0], rows, env);
    const b = run(node.args[1], rows, env);
    return a === null || b === null ? null : fit(exact(a, b, node), scaleOf(node));
  };
}

function multiply(a, b, node) {
  return halfUp(a * b, power(scaleOf(node.args[0]) + scaleOf(node.args[1]) - scaleOf(node)));
}

function divide(a, b, node) {
  if (b === 0n) return null;
  const shift = scaleOf(node) + scaleOf(node.args[1]) - scaleOf(node.args[0]);
  return shift >= 0 ? halfUp(a * power(shift), b) : halfUp(a, b * power(-shift));
}

/** Operands first; empty where one is. */
function strict(compute) {
  return (node, rows, env) => {
    const values = node.args.map((arg) => run(arg, rows, env));
    return values.includes(null) ? null : compute(node, env, ...values);
  };
}

function field(node, rows, env) {
  const owner = node.args[0];
  const row = owner.op === "old" ? env.old : rows[owner.value];
  return row ? decode(row[node.value], node) : nothing(node);
}

function recordId(node, rows, env) {
  const row = node.op === "old" ? env.old : rows[node.value];
  return row && row.id !== undefined ? row.id : null;
}

function items(node, rows, env, value) {
  return run(node, rows, env)
    .map((row) => run(value, [...rows, row], env))
    .filter((item) => item !== null);
}

function equal(a, b) {
  return JSON.stringify(a, big) === JSON.stringify(b, big);
}

const big = (key, value) => (typeof value === "bigint" ? `${value}n` : value);

function aggregate(node, rows, env) {
  if (node.args.length === 1) return BigInt(run(node.args[0], rows, env).length);
  const values = items(node.args[0], rows, env, node.args[1]);
  const inner = scaleOf(node.args[1]);
  const kind = node.args[1].kind;
  switch (node.value) {
    case "sum":
      return fit(values.reduce((sum, x) => sum + x, 0n), inner);
    case "avg":
      if (!values.length) return null;
      return fit(halfUp(values.reduce((sum, x) => sum + x, 0n) * power(scaleOf(node) - inner), BigInt(values.length)), scaleOf(node));
    case "count_distinct":
      return BigInt(new Set(values).size);
  }
  const way = node.value === "max" ? 1 : -1;
  return values.reduce((best, x) => (best === null || compareValues(x, best, kind) * way > 0 ? x : best), null);
}

function map(node, rows, env) {
  const values = [...new Set(items(node.args[0], rows, env, node.args[1]))];
  return values.sort((a, b) => compareValues(a, b, node.of.kind));
}

function call(node, rows, env) {
  const values = node.args.map((arg) => run(arg, rows, env));
  if (values.some((value, i) => value === null && node.strict[i])) return nothing(node);
  const value = functions[node.value]({ node, env, scales: node.args.map(scaleOf), kinds: node.args.map((arg) => arg.kind) }, ...values);
  if (value === null || value === undefined) return nothing(node);
  if (node.kind === "number") return fit(value, scaleOf(node));
  return node.kind === "text" ? orEmpty(value) : value;
}

function inRange(node, rows, env) {
  const day = run(node.args[0], rows, env);
  const range = run(node.args[1], rows, env);
  if (day === null || range === null) return false;
  return (range[0] === null || range[0] <= day) && (range[1] === null || day <= range[1]);
}

const OPS = {
  const: (node) => (node.value === undefined ? nothing(node) : decode(node.value, node)),
  list: (node, rows, env) => node.args.map((arg) => run(arg, rows, env)).filter((item) => item !== null),
  now: (node, rows, env) => env.now,
  today: (node, rows, env) => dayOf(env.now, env.calendar),
  me: (node, rows, env) => env.me ?? null,
  name: (node, rows, env) => decode(env.names?.[node.value], node),
  setting: (node, rows, env) => decode(env.settings?.[node.value], node),
  row: recordId,
  old: recordId,
  get: field,
  live: field,
  end: strict((node, env, range) => range[node.value === "to" ? 1 : 0]),
  label: strict((node, env, id) => node.value.find((pair) => pair[0] === id)?.[1] ?? id),
  key: strict((node, env, data) => (typeof data === "object" && !Array.isArray(data) ? (data[node.value] ?? null) : null)),
  children: (node, rows) => rows[node.args[0].value]?.[node.value[0]] ?? [],
  where: (node, rows, env) => run(node.args[0], rows, env).filter((row) => run(node.args[1], [...rows, row], env)),
  map,
  aggregate,
  and: (node, rows, env) => node.args.every((arg) => run(arg, rows, env)),
  or: (node, rows, env) => node.args.some((arg) => run(arg, rows, env)),
  not: (node, rows, env) => !run(node.args[0], rows, env),
  eq: comparison((step) => step === 0),
  lt: comparison((step) => step < 0),
  le: comparison((step) => step <= 0),
  gt: comparison((step) => step > 0),
  ge: comparison((step) => step >= 0),
  in: (node, rows, env) => {
    const item = run(node.args[0], rows, env);
    const among = run(node.args[1], rows, env);
    if (node.args[1].kind === "records") return item !== null && among.some((row) => row.id === item);
    return item !== null && among.some((other) => same(item, other));
  },
  in_range: inRange,
  contains: (node, rows, env) => strict((n, e, whole, part) => whole.includes(part))(node, rows, env) ?? false,
  empty: (node, rows, env) => {
    const value = run(node.args[0], rows, env);
    return value === null || (Array.isArray(value) && value.length === 0);
  },
  changed: (node, rows, env) => !equal(run(node.args[0], rows, env), run(node.args[1], rows, env)),
  add: calculation((a, b) => a + b),
  sub: calculation((a, b) => a - b),
  mul: calculation(multiply),
  div: (node, rows, env) => strict((n, e, a, b) => (b === 0n ? null : fit(divide(a, b, n), scaleOf(n))))(node, rows, env),
  neg: strict((node, env, x) => (typeof x === "bigint" ? -x : { millis: -x.millis, days: -x.days, workdays: -x.workdays })),
  rescale: (node, rows, env) => rescale(run(node.args[0], rows, env), scaleOf(node.args[0]), scaleOf(node)),
  size: (node, rows, env) => BigInt(run(node.args[0], rows, env).length),
  start_of: strict((node, env, day) => startOf(day, env.calendar)),
  day_of: strict((node, env, at) => dayOf(at, env.calendar)),
  days_from: strict((node, env, a, b) => BigInt(daysBetween(b, a))),
  span_from: strict((node, env, a, b) => ({ millis: a - b, days: 0, workdays: 0 })),
  spans: strict((node, env, a, b) => ({ millis: a.millis + b.millis, days: a.days + b.days, workdays: a.workdays + b.workdays })),
  move: strict((node, env, at, span) => plus(at, span, env.calendar)),
  move_day: strict((node, env, day, span) => plusDays(day, span, env.calendar)),
  if: (node, rows, env) => run(node.args[run(node.args[0], rows, env) ? 1 : 2], rows, env),
  call,
};

// -- functions

const int = (value) => Number(value);
const count = (number) => BigInt(number);

function cutParts(day) {
  return day.split("-").map(Number);
}

function trim(text) {
  let start = 0;
  let end = text.length;
  while (start < end && SPACES.includes(text[start])) start++;
  while (end > start && SPACES.includes(text[end - 1])) end--;
  return text.slice(start, end);
}

function best(kind, way) {
  return (c, ...values) =>
    values.reduce((found, x) => (x !== null && (found === null || compareValues(x, found, c.node.kind) * way > 0) ? x : found), null);
}

function remainder(c, a, b) {
  if (b === 0n) return null;
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

function floorTo(value, scale, up) {
  const unit = power(scale);
  const whole = value / unit;
  if (value % unit === 0n || value < 0n === up) return whole;
  return up ? whole + 1n : whole - 1n;
}

function lengthOf(unit) {
  return (c, amount) => {
    const millis = Number((amount * BigInt(unit)) / power(c.scales[0]));
    return Math.abs(millis) <= MAX_DAYS * 86400000 ? { millis, days: 0, workdays: 0 } : null;
  };
}

function dayFrom(year, month, day) {
  if (year < 1 || year > 9999) return null;
  const written = [String(year).padStart(4, "0"), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
  return validDay(written) ? written : null;
}

function lastOfMonth(year, month) {
  return [31, year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

function addMonths(c, day, months) {
  const [year, month, date] = cutParts(day);
  const index = year * 12 + month - 1 + int(months);
  const to = Math.floor(index / 12);
  const at = (((index % 12) + 12) % 12) + 1;
  return to < 1 || to > 9999 ? null : dayFrom(to, at, Math.min(date, lastOfMonth(to, at)));
}

function monthsBetween(a, b) {
  if (b < a) return -monthsBetween(b, a);
  const [[y1, m1, d1], [y2, m2, d2]] = [cutParts(a), cutParts(b)];
  return (y2 - y1) * 12 + m2 - m1 - (d2 < d1 ? 1 : 0);
}

function weekday(day) {
  return ((((daysBetween("0001-01-01", day) % 7) + 7) % 7) + 7) % 7;
}

// Beside hours or seconds an m means minutes, as Excel reads it. No look-behind: Safari knows it from 16.4 on only.
const DAY_PATTERN = /(hh?):(mm?)(?!i)|(mm?)(?=:ss)|yyyy|yy|mi|mm|m|dd|d|hh|h|ss/gi;
const MINUTES = { mm: "mi", m: "n" };

function writeDay(parts, pattern) {
  const [year, month, day, hour, minute, second] = parts;
  const two = (n) => String(n).padStart(2, "0");
  const written = {
    yyyy: String(year).padStart(4, "0"), yy: two(year % 100), mm: two(month), m: String(month), dd: two(day), d: String(day),
    hh: two(hour), h: String(hour), mi: two(minute), n: String(minute), ss: two(second),
  };
  return points(pattern).slice(0, 100).join("").replace(DAY_PATTERN, (part, hours, behind, before) => {
    const minutes = (behind ?? before)?.toLowerCase();
    const first = hours ? `${written[hours.toLowerCase()]}:` : "";
    return first + written[minutes ? MINUTES[minutes] : part.toLowerCase()];
  });
}

function writeNumber(value, scale, pattern) {
  const match = /^(#,##)?(0{1,15})(?:\.(0{1,6}))?(%)?$/.exec(pattern);
  if (!match) return null;
  const places = (match[3] || "").length;
  const shown = rescale(match[4] ? value * 100n : value, scale, places);
  if (shown === null) return null;
  let [digits, fraction] = plain(abs(shown), places).split(".");
  digits = digits.padStart(match[2].length, "0");
  if (match[1]) digits = digits.replace(/^0+(?=\d)/, "").replace(/\B(?=(\d{3})+$)/g, ",");
  return (shown < 0n ? "-" : "") + digits + (fraction ? `.${fraction}` : "") + (match[4] || "");
}

function writeText(c, value, pattern = null) {
  switch (c.kinds[0]) {
    case "datetime":
      return writeDay(localParts(value, c.env.calendar), pattern || "yyyy-mm-dd hh:mi");
    case "date":
      return writeDay([...cutParts(value), 0, 0, 0], pattern || "yyyy-mm-dd");
    case "number":
      return pattern ? writeNumber(value, c.scales[0], pattern) : plain(value, c.scales[0]);
    case "json":
      return typeof value === "object" ? null : String(value);
  }
  return value;
}

function replace(c, text, old, fresh) {
  const parts = text.split(old);
  const length = points(text).length + (parts.length - 1) * (points(fresh || "").length - points(old).length);
  return length > MAX_TEXT ? null : parts.join(fresh || "");
}

function joinItems(c, list, between) {
  const written = list.map((item) => (typeof item === "bigint" ? plain(item, c.node.args[0].of?.scale || 0) : String(item)));
  const text = written.join(between || "");
  return points(text).length > MAX_TEXT ? null : text;
}

/** By name, as the registry of expr/functions has them under `js`. Arguments are never null where the signature forbids it. */
export const functions = {
  left: (c, text, n) => points(text).slice(0, Math.max(int(n), 0)).join(""),
  right: (c, text, n) => (n > 0n ? points(text).slice(-int(n)).join("") : ""),
  mid: (c, text, start, n) => {
    const begin = Math.max(int(start), 1) - 1;
    return points(text).slice(begin, begin + Math.max(int(n), 0)).join("");
  },
  len: (c, text) => count(points(text).length),
  upper: (c, text) => text.toUpperCase(),
  lower: (c, text) => text.toLowerCase(),
  trim: (c, text) => trim(text),
  replace,
  find: (c, text, part) => (text.includes(part) ? count(points(text.slice(0, text.indexOf(part))).length + 1) : 0n),
  starts_with: (c, text, part) => text.startsWith(part),
  ends_with: (c, text, part) => text.endsWith(part),
  concat: (c, ...parts) => parts.map((part) => part || "").join(""),
  number: (c, value) => (typeof value === "boolean" ? null : parsePlain(value)),
  text: writeText,
  round: (c, x) => rescale(x, c.scales[0], scaleOf(c.node)),
  abs: (c, x) => abs(x),
  floor: (c, x) => floorTo(x, c.scales[0], false),
  ceil: (c, x) => floorTo(x, c.scales[0], true),
  mod: remainder,
  max: best("max", 1),
  min: best("min", -1),
  latest: best("latest", 1),
  earliest: best("earliest", -1),
  first_of: (c, ...values) => values.find((value) => value !== null) ?? null,
  has_all: (c, list, wanted) => wanted.every((item) => list.some((other) => same(item, other))),
  has_any: (c, list, wanted) => wanted.some((item) => list.some((other) => same(item, other))),
  join: joinItems,
  year: (c, day) => count(cutParts(day)[0]),
  month: (c, day) => count(cutParts(day)[1]),
  day: (c, day) => count(cutParts(day)[2]),
  quarter: (c, day) => count(Math.floor((cutParts(day)[1] + 2) / 3)),
  weekday: (c, day) => count(weekday(day) + 1),
  hour: (c, at) => count(localParts(at, c.env.calendar)[3]),
  time: (c, at) => writeDay(localParts(at, c.env.calendar), "hh:mi"),
  date: (c, first, month, day) => {
    if (month !== undefined) return dayFrom(int(first), int(month), int(day));
    return c.kinds[0] === "text" ? (validDay(first.trim()) ? first.trim() : null) : first;
  },
  days_between: (c, a, b) => count(daysBetween(a, b)),
  months_between: (c, a, b) => count(monthsBetween(a, b)),
  years_between: (c, a, b) => count(Math.trunc(monthsBetween(a, b) / 12)),
  add_months: addMonths,
  start_of_month: (c, day) => day.slice(0, 8) + "01",
  end_of_month: (c, day) => day.slice(0, 8) + lastOfMonth(cutParts(day)[0], cutParts(day)[1]),
  start_of_week: (c, day) => addDays(day, -weekday(day)),
  minutes: lengthOf(60000),
  hours: lengthOf(3600000),
  days: (c, n) => (abs(n) <= BigInt(MAX_DAYS) ? { millis: 0, days: int(n), workdays: 0 } : null),
  weeks: (c, n) => (abs(n * 7n) <= BigInt(MAX_DAYS) ? { millis: 0, days: int(n) * 7, workdays: 0 } : null),
  workdays: (c, n) => (abs(n) <= 10000n ? { millis: 0, days: 0, workdays: int(n) } : null),
};

function parsePlain(value) {
  const text = trim(String(value));
  return /^[+-]?[0-9]{1,30}(\.[0-9]{1,30})?$/.test(text) ? parseNumber(text, 6) : null;
}
