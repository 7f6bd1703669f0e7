// Search and choose a record: .picker[data-picker], a form's key ("app.form", asked at /pick/app/form) or an address.
// It answers ?q= and ?recent=1 with [{"id": uid, "text", "note"}]; `of` names the field ([data-of]) whose filter limits them, `first` what this
// device has used, which an unlimited list begins with. What was found once is shown at once and asked again. Arrow keys, Enter, Esc;
// 新建「…」 where [data-create].
// The form that makes it comes back with ?chosen=name&chosen.uid=…; the picker hears "choose" with the uid.
// One value stands in the hidden input; several (.many) in the list .picked, each with its own.
// On a narrow screen the whole picker rises as a sheet (.up) while it is used: its name, the search, what is offered (FACE 6).
import { ask, changed, each, icon, later, make } from "./dom.js";
import { keepDraft } from "./draft.js";
import { word } from "./words.js";

const RECENT = 5;
const SLOW = 150; // milliseconds until the shape of what comes is shown
const narrow = matchMedia("(max-width: 899px)");
const known = new Map();
let numbers = 0;

export function mountPickers(root) {
  each(root, ".picker[data-picker]", mount);
}

function mount(picker) {
  const input = picker.querySelector("[role=combobox]");
  const list = make("div", { class: "picker-list", role: "listbox", id: `picker-${(numbers += 1)}`, hidden: true });
  const many = picker.classList.contains("many");
  const place = picker.dataset.picker;
  const address = place.startsWith("/") ? place : `/pick/${place.replaceAll(".", "/")}`;
  const create = picker.closest("form[data-form]") && input.dataset.create;
  let chosenText = input.value;
  let asked = 0;
  picker.append(list);
  input.setAttribute("aria-controls", list.id);

  const options = () => [...list.querySelectorAll("[role=option]")];
  const close = () => {
    lower(picker);
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const point = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    option?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option?.id ?? "");
  };

  function addressed(values) {
    const url = new URL(address, location.href);
    if (picker.dataset.of) url.searchParams.set("of", picker.dataset.of);
    for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
    return url;
  }

  function show(found, text) {
    list.replaceChildren(...rows(found, text, list.id, create));
    list.hidden = !list.children.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    point(options()[0]);
  }

  async function open() {
    if (narrow.matches) rise(picker, done);
    const text = many || input.value !== chosenText ? input.value.trim() : "";
    const mine = (asked += 1);
    const url = addressed(text ? { q: text } : { recent: "1", first: used(place).join(",") });
    if (known.has(url.href)) show(known.get(url.href), text);
    const slow = setTimeout(() => {
      if (mine !== asked || known.has(url.href)) return;
      list.replaceChildren(...["", "", ""].map(() => make("div", { class: "skeleton", "aria-hidden": "true" })));
      list.hidden = false;
    }, SLOW);
    const found = await ask(url);
    clearTimeout(slow);
    if (found) known.set(url.href, found);
    if (mine === asked && document.activeElement === input) show(found ?? known.get(url.href) ?? [], text);
  }

  function take(option) {
    if (option.dataset.new) {
      leaveFor(create, option.dataset, input);
      return;
    }
    put(option.dataset.id, option.dataset.text);
    remember(place, option.dataset.id);
    close();
    changed(input);
  }

  function put(id, text) {
    if (many) {
      picker.querySelector(".picked").append(chip(picker.dataset.name, id, text));
      input.value = "";
    } else {
      picker.querySelector("input[type=hidden]").value = id;
      input.value = chosenText = text;
    }
  }

  function done() {
    close();
    if (!many) input.value = chosenText;
    input.blur();
  }

  const search = later(120, open);
  input.addEventListener("focus", () => input.closest(".field.invalid") || open()); // the list would cover what is to be mended
  input.addEventListener("click", open);
  input.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    if (!many && !input.value) put("", "");
    search();
  });
  input.addEventListener("blur", () => setTimeout(() => {
    if (picker.classList.contains("up") || document.activeElement === input) return;
    close();
    if (!many) input.value = chosenText;
  }, 150));
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    const all = options();
    const here = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown") point(all[Math.min(here + 1, all.length - 1)]);
    else if (event.key === "ArrowUp") point(all[Math.max(here - 1, 0)]);
    else if (event.key === "Enter" && all[here]) take(all[here]);
    else if (event.key === "Escape") done();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(option);
  });
  picker.addEventListener("choose", async ({ detail: uid }) => {
    const [found] = (await ask(addressed({ uid }))) ?? [];
    if (!found) return;
    put(found.id, found.text);
    changed(input);
  });
  // What a code says: the record it belongs to, or else what the person can do now.
  picker.addEventListener("scanned", async ({ detail: code }) => {
    const found = (await ask(addressed({ code }))) ?? [];
    if (found.length === 1) {
      put(found[0].id, found[0].text);
      changed(input);
      return;
    }
    asked += 1;
    input.focus({ preventScroll: true });
    asked += 1; // what focusing asks for comes too late
    show(found, code);
    if (found.length) return;
    list.querySelector(".group").textContent = word("unknown_code", { text: code });
    const made = list.querySelector("[data-new]");
    if (made) made.dataset.code = code;
  });
  // Words that came with a table pasted from a spreadsheet: the one record they name, else they are searched for.
  picker.addEventListener("named", async ({ detail: text }) => {
    const found = (await ask(addressed({ q: text }))) ?? [];
    const exact = found.filter((one) => one.text === text);
    const [only] = exact.length === 1 ? exact : found.length === 1 ? found : [];
    if (only) put(only.id, only.text);
    else if (!many) input.value = text;
    asked += 1; // what was offered meanwhile is not wanted any more
    if (only) close();
    changed(input);
  });
  picker.addEventListener("restore", ({ detail }) => {
    picker.querySelector(".picked")?.replaceChildren();
    for (const [, id, text] of detail) if (id || !many) put(id, text ?? "");
  });
  picker.addEventListener("click", (event) => {
    if (!event.target.closest("[data-remove]")) return;
    event.target.closest("li").remove();
    changed(input);
  });
}

// The picker as a sheet over a veil that closes it; the place it leaves keeps its height.
function rise(picker, done) {
  if (picker.classList.contains("up")) return;
  picker.parentElement.style.minHeight = `${picker.parentElement.offsetHeight}px`;
  const input = picker.querySelector("[role=combobox]");
  const name = input.getAttribute("aria-label") ?? input.labels?.[0]?.firstChild?.textContent ?? "";
  const away = make("button", { type: "button", class: "icon-button", "aria-label": word("close") }, icon("x"));
  const veil = make("div", { class: "picker-veil" });
  const head = make("div", { class: "picker-head" }, make("b", {}, name), away);
  for (const element of [veil, away]) element.addEventListener("click", done);
  picker.before(veil);
  picker.prepend(head);
  picker.classList.add("up");
}

function lower(picker) {
  if (!picker.classList.contains("up")) return;
  picker.classList.remove("up");
  picker.querySelector(".picker-head").remove();
  picker.previousElementSibling.remove();
  picker.parentElement.style.minHeight = "";
}

// To the form that makes the missing record; what stands in this one is its draft until we are back.
function leaveFor(create, { new: text, code }, input) {
  const form = input.closest("form[data-form]");
  keepDraft(form.dataset.form, form);
  const url = new URL(create, location.href);
  url.searchParams.set(code ? "code" : "text", text);
  url.searchParams.set("back", withoutChosen().pathname + withoutChosen().search);
  url.searchParams.set("chosen", input.closest("[data-field]").dataset.field);
  location.assign(url);
}

export function withoutChosen() {
  const url = new URL(location.href);
  for (const name of ["chosen", "chosen.uid"]) url.searchParams.delete(name);
  return url;
}

// The last records chosen on this device, by uid alone: their names are asked for anew, with the rights of whoever asks.
function used(place) {
  try {
    return JSON.parse(localStorage.getItem(`used:${place}`)) ?? [];
  } catch {
    return [];
  }
}

function remember(place, id) {
  try {
    localStorage.setItem(`used:${place}`, JSON.stringify([id, ...used(place).filter((one) => one !== id)].slice(0, RECENT)));
  } catch {
    // A full or forbidden store: the newest come first then.
  }
}

function rows(found, text, listId, create) {
  const out = found.map(({ id, text: name, note }, place) => {
    const option = make("div", { role: "option", id: `${listId}-${place}`, "data-id": id, "data-text": name }, marked(name, text));
    if (note) option.append(make("small", {}, note));
    return option;
  });
  if (!text && out.length) out.unshift(make("div", { class: "group" }, word("recent")));
  if (text && !out.length) out.push(make("div", { class: "group" }, word("nothing_found")));
  if (text && create) out.push(make("div", { role: "option", id: `${listId}-new`, "data-new": text, class: "link" }, word("create", { text })));
  return out;
}

function chip(name, id, text) {
  const away = make("button", { type: "button", class: "remove", "data-remove": true, "aria-label": word("remove") }, "×");
  return make("li", { class: "chip" }, make("span", {}, text), make("input", { type: "hidden", name, value: id }), away);
}

function marked(name, text) {
  const at = text ? name.toLowerCase().indexOf(text.toLowerCase()) : -1;
  const whole = make("span");
  if (at < 0) whole.append(name);
  else whole.append(name.slice(0, at), make("mark", {}, name.slice(at, at + text.length)), name.slice(at + text.length));
  return whole;
}
