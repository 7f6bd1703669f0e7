// textarea[data-rich] becomes an editor, drawn by Squire as soon as that has arrived. The attribute holds the HTML; the text area, which
// without this script takes plain text, then posts HTML. The server cleans it again: what is let in here is only what it keeps.
import { changed, each, icon, make } from "./dom.js";
import { word } from "./words.js";

const CLEAN = {
  ALLOWED_TAGS: "p br b strong i em u s h2 h3 h4 ul ol li blockquote pre code a hr table thead tbody tr th td".split(" "),
  ALLOWED_ATTR: ["href", "title", "colspan", "rowspan"],
  RETURN_DOM_FRAGMENT: true,
};
const SAID = /\s(style|on[a-z]+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi;
const ACTS = {
  bold: { drawn: "bold", tag: "B", on: (editor) => editor.bold(), off: (editor) => editor.removeBold() },
  italic: { drawn: "italic", tag: "I", on: (editor) => editor.italic(), off: (editor) => editor.removeItalic() },
  heading: { drawn: "heading", tag: "H3", on: (editor) => retag(editor, "h3"), off: (editor) => retag(editor, "p") },
  bullets: { drawn: "list", tag: "UL", on: (editor) => editor.makeUnorderedList(), off: (editor) => editor.removeList() },
  numbers: { drawn: "list-ordered", tag: "OL", on: (editor) => editor.makeOrderedList(), off: (editor) => editor.removeList() },
  quote: { drawn: "text-quote", tag: "BLOCKQUOTE", on: (editor) => editor.increaseQuoteLevel(), off: (editor) => editor.decreaseQuoteLevel() },
};

export function mountEditors(root) {
  each(root, "textarea[data-rich]", mount);
}

async function mount(area) {
  const plain = area.value;
  area.value = area.dataset.rich;
  area.hidden = true;
  try {
    const [{ default: Squire }, { default: purify }] = await Promise.all([import("squire-rte"), import("dompurify")]);
    begin(area, Squire, purify);
  } catch {
    area.value = area.value === area.dataset.rich ? plain : area.value;
    area.hidden = false;
  }
}

function begin(area, Squire, purify) {
  const label = document.getElementById(`l-${area.id.replace(/^f-/, "")}`);
  const place = make("div", { class: "input rich-page", role: "textbox", "aria-multiline": "true", "aria-label": label ? undefined : area.getAttribute("aria-label") });
  if (label) place.setAttribute("aria-labelledby", label.id);
  place.setAttribute("aria-describedby", area.getAttribute("aria-describedby") ?? "");
  const bar = make("div", { class: "rich-bar", role: "toolbar", "aria-label": word("format") });
  area.before(place, bar);
  const editor = new Squire(place, { blockTag: "P", sanitizeToDOMFragment: (html) => document.importNode(purify.sanitize(plainer(html), CLEAN), true) });
  const fill = () => editor.setHTML(area.value);
  fill();
  for (const [name, act] of Object.entries(ACTS)) bar.append(pressed(editor, name, act));
  bar.append(linked(editor), button("undo", "undo-2", () => editor.undo()));
  editor.addEventListener("input", () => {
    area.value = told(place, editor);
    changed(area);
  });
  editor.addEventListener("pathChange", () => {
    for (const shown of bar.querySelectorAll("[data-tag]")) shown.setAttribute("aria-pressed", String(editor.hasFormat(shown.dataset.tag)));
  });
  area.addEventListener("filled", fill);
  label?.addEventListener("click", () => editor.focus());
}

// What word processors bring along would only be reported as a breach of the content policy before it is cleaned away.
function plainer(html) {
  return html.replace(/<style[\s\S]*?<\/style>/gi, "").replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(SAID, ""));
}

// Nothing but empty paragraphs is nothing; those at the end are only where one would have gone on.
function told(place, editor) {
  if (!place.textContent.trim() && !place.querySelector("hr, table")) return "";
  return editor.getHTML().replace(/<(b|i)><\/\1>/g, "").replace(/(<p>(<br>)?<\/p>)+$/, "");
}

function pressed(editor, name, { drawn, tag, on, off }) {
  const shown = button(name, drawn, () => (editor.hasFormat(tag) ? off : on)(editor));
  shown.dataset.tag = tag;
  shown.setAttribute("aria-pressed", "false");
  return shown;
}

function button(name, drawn, act) {
  const shown = make("button", { type: "button", "aria-label": word(name), title: word(name) }, icon(drawn));
  shown.addEventListener("pointerdown", (event) => event.preventDefault());
  shown.addEventListener("click", act);
  return shown;
}

// The address is asked for in the bar itself.
function linked(editor) {
  const whole = make("span", { class: "rich-link" });
  const asked = make("input", { class: "input", type: "url", inputmode: "url", placeholder: "https://", "aria-label": word("link_to"), hidden: true });
  const take = () => {
    const address = asked.value.trim();
    asked.hidden = true;
    editor.focus();
    if (address) editor.makeLink(/^(https?:|mailto:|tel:)/i.test(address) ? address : `https://${address}`);
  };
  asked.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Escape") asked.value = "";
    take();
  });
  asked.addEventListener("input", (event) => event.stopPropagation());
  const opener = button("link", "link", () => {
    if (editor.hasFormat("A")) editor.removeLink();
    else if (!asked.hidden) take();
    else {
      asked.value = "";
      asked.hidden = false;
      asked.focus();
    }
  });
  whole.append(opener, asked);
  return whole;
}

function retag(editor, tag) {
  editor.modifyBlocks((fragment) => {
    for (const block of fragment.querySelectorAll("p, div, h2, h3, h4")) {
      const made = make(tag);
      made.append(...block.childNodes);
      block.replaceWith(made);
    }
    return fragment;
  });
}
