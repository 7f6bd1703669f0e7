// Search and choose a record: .picker[data-picker], a form's key ("app.form", asked at /pick/app/form) or an address.
// It answers ?q= and ?recent=1 with [{"id": uid, "text", "note"}]. Arrow keys, Enter, Esc; 新建「…」 where [data-create].
// The form that makes it comes back with ?chosen=name&chosen.uid=…; the picker hears "choose" with the uid.
// One value stands in the hidden input; several (.many) in the list .picked, each with its own.
import { ask, changed, each, later, make } from "./dom.js";
import { keepDraft } from "./draft.js";
import { word } from "./words.js";

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
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const point = (option) => {
    for (const other of options()) other.setAttribute("aria-selected", String(other === option));
    option?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option?.id ?? "");
  };

  async function open() {
    const text = many || input.value !== chosenText ? input.value.trim() : "";
    const mine = (asked += 1);
    const url = new URL(address, location.href);
    url.searchParams.set(text ? "q" : "recent", text || "1");
    const found = await ask(url);
    if (mine !== asked || document.activeElement !== input) return;
    list.replaceChildren(...rows(found ?? [], text, list.id, create));
    list.hidden = !list.children.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    point(options()[0]);
  }

  function take(option) {
    if (option.dataset.new) {
      leaveFor(create, option.dataset.new, input);
      return;
    }
    put(option.dataset.id, option.dataset.text);
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

  const search = later(120, open);
  input.addEventListener("focus", open);
  input.addEventListener("input", (event) => {
    if (!event.isTrusted) return;
    if (!many && !input.value) put("", "");
    search();
  });
  input.addEventListener("blur", () => setTimeout(() => {
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
    else if (event.key === "Escape") close();
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
    const [found] = (await ask(`${address}?uid=${encodeURIComponent(uid)}`)) ?? [];
    if (!found) return;
    put(found.id, found.text);
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

// To the form that makes the missing record; what stands in this one is its draft until we are back.
function leaveFor(create, text, input) {
  const form = input.closest("form[data-form]");
  keepDraft(form.dataset.form, form);
  const url = new URL(create, location.href);
  url.searchParams.set("text", text);
  url.searchParams.set("back", withoutChosen().pathname + withoutChosen().search);
  url.searchParams.set("chosen", input.closest("[data-field]").dataset.field);
  location.assign(url);
}

export function withoutChosen() {
  const url = new URL(location.href);
  for (const name of ["chosen", "chosen.uid"]) url.searchParams.delete(name);
  return url;
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
