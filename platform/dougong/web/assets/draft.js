// What is typed is kept on this device until the server has it. A draft is a list of [name, value, text] under its form's key;
// `text` is what a picker or an upload needs to show its value again.
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
  const [link, picture] = [item?.querySelector("a"), item?.querySelector("img")];
  return JSON.stringify({ uid: hidden.value, name: picture?.alt ?? link?.textContent ?? "", url: link?.getAttribute("href") ?? "", thumb: picture?.getAttribute("src") ?? "" });
}

export function keepDraft(key, form) {
  try {
    localStorage.setItem(place(key), JSON.stringify(entriesOf(form)));
  } catch {
    // A full or forbidden store: the form works as before.
  }
}

export function readDraft(key) {
  try {
    return JSON.parse(localStorage.getItem(place(key)));
  } catch {
    return null;
  }
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
  }
}

export function dropDraft(key) {
  localStorage.removeItem(place(key));
}
