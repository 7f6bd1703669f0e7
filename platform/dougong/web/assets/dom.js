// The little that all islands share. Elements are made from text, never from markup.

const mounted = new WeakMap();

// Runs `mount` once for each element under `root` (itself included) that fits `selector`.
export function each(root, selector, mount) {
  const found = [...(root.matches?.(selector) ? [root] : []), ...root.querySelectorAll(selector)];
  for (const element of found) {
    const done = mounted.get(element) ?? new Set();
    if (done.has(mount)) continue;
    mounted.set(element, done.add(mount));
    mount(element);
  }
}

// make("li", { class: "row", "aria-selected": true }, "text", child)
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export function icon(name) {
  const drawn = document.querySelector("svg.icon use");
  const address = drawn ? drawn.getAttribute("href").split("#")[0] : "";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon small");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${address}#${name}`);
  svg.append(use);
  return svg;
}

export function csrfToken() {
  return document.querySelector("meta[name=csrf-token]").content;
}

// JSON from our own server; null where it didn't answer or refused.
export async function ask(url, options = {}) {
  try {
    const answer = await fetch(url, { ...options, headers: { Accept: "application/json", "X-CSRFToken": csrfToken(), ...options.headers } });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export function later(wait, work) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(work, wait, ...args);
  };
}

export function changed(element) {
  element.dispatchEvent(new Event("input", { bubbles: true }));
}
