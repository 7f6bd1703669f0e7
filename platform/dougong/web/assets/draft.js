// What is typed is kept on this device until the server has it. A draft is a list of [name, value, text] under its form's key and the tab that
// writes it, so that two tabs don't write over each other; `text` is what a picker or an upload needs to show its value again.
// A tab holds a lock of its draft's name while it lives: what nobody holds was left behind, and the next tab takes it over.
const place = (key) => `draft:${key}`;
const widgetOf = (control) => control.closest(".picker[data-picker], [data-upload]");

export function entriesOf(form) {
  const told = [...form.elements].filter((control) => control.name && !/file|password|submit|button/.test(control.type));
  const kept = told.filter((control) => (control.type === "hidden" ? widgetOf(control) && control.value : !/radio|checkbox/.test(control.type) || control.checked));
  return kept.map((control) => [control.name, control.value, ...(control.type === "hidden" ? [textOf(control)] : [])]);
}

function textOf(hidden) {
  if (hidden.dataset.text) return hidden.dataset.text;
  const widget = widgetOf(hidden);
  const item = hidden.closest("li");
  if (widget.matches(".picker")) return item ? item.querySelector("span").textContent : widget.querySelector("[role=combobox]").value;
  const [link, picture] = [item?.querySelector("a, audio"), item?.querySelector("img")];
  const url = link?.getAttribute("href") ?? link?.getAttribute("src") ?? "";
  return JSON.stringify({ uid: hidden.value, name: picture?.alt ?? link?.ariaLabel ?? link?.textContent ?? "", url, thumb: picture?.getAttribute("src") ?? "" });
}

const PATIENCE = 500; // milliseconds
const mine = new Map();

// The name under which this tab keeps its draft of that form: the one it had before, else the latest that was left behind, else a new one.
export async function beginDraft(key) {
  if (mine.has(key)) return undefined;
  const before = sessionStorage.getItem(place(key));
  const left = Object.keys(localStorage).filter((name) => name.startsWith(`${place(key)}#`));
  const latest = left.sort((a, b) => (stored(b)?.at ?? 0) - (stored(a)?.at ?? 0));
  if (before && (await take(before, PATIENCE))) return own(key, before);
  for (const name of latest) if (await take(name)) return own(key, name);
  const name = `${place(key)}#${Date.now()}-${Math.random().toString(36).slice(2)}`;
  await take(name);
  return own(key, name);
}

function own(key, name) {
  mine.set(key, name);
  sessionStorage.setItem(place(key), name);
}

// Held until the page goes; a browser without locks shares its drafts. The page that a reload replaces may need a moment to let go.
function take(name, patience = 0) {
  if (!navigator.locks) return Promise.resolve(true);
  const waiting = new AbortController();
  const how = patience ? { signal: waiting.signal } : { ifAvailable: true };
  return new Promise((tell) => {
    const late = setTimeout(() => waiting.abort(), patience || 60_000);
    const held = (lock) => {
      clearTimeout(late);
      tell(Boolean(lock));
      return lock && new Promise(() => {});
    };
    navigator.locks.request(name, how, held).catch(() => tell(false));
  });
}

function stored(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

export function keepDraft(key, form) {
  try {
    if (mine.has(key)) localStorage.setItem(mine.get(key), JSON.stringify({ at: Date.now(), entries: entriesOf(form) }));
  } catch {
    // A full or forbidden store: the form works as before.
  }
}

export function readDraft(key) {
  return stored(mine.get(key))?.entries ?? null;
}

// Puts a draft's values into the controls of the same name; pickers and uploads hear "restore" with their entries.
export function fillFrom(form, draft) {
  const entries = (name) => draft.filter((entry) => entry[0] === name);
  for (const widget of form.querySelectorAll(".picker[data-picker], [data-upload]")) {
    const name = widget.dataset.upload ?? widget.dataset.name ?? widget.querySelector("input[type=hidden]").name;
    widget.dispatchEvent(new CustomEvent("restore", { detail: entries(name) }));
  }
  const left = new Map();
  for (const control of form.elements) {
    if (!control.name || /hidden|file|password|submit|button/.test(control.type)) continue;
    const values = left.get(control.name) ?? entries(control.name).map((entry) => entry[1]);
    left.set(control.name, values);
    if (/radio|checkbox/.test(control.type)) control.checked = values.includes(control.value);
    else if (values.length) control.value = values.shift();
    if ("rich" in control.dataset) control.dispatchEvent(new Event("filled"));
  }
}

// Once the server has it; on the page that comes after the form, too.
export function dropDraft(key) {
  localStorage.removeItem(mine.get(key) ?? sessionStorage.getItem(place(key)));
}
