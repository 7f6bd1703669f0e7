// What is typed is kept on this device until the server has it. A draft is a list of [name, value] under its form's key.
const place = (key) => `draft:${key}`;

export function keepDraft(key, form) {
  const entries = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !/csrf|password/.test(name));
  try {
    localStorage.setItem(place(key), JSON.stringify(entries));
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

export function dropDraft(key) {
  localStorage.removeItem(place(key));
}
