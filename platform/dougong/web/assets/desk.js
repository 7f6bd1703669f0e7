// Small things of the desk: the rail that folds, a list of ticks that is put in order, places narrowed by a word, a clock that runs.
import { each } from "./dom.js";

const YEAR = 31_536_000;

export function listenForRail() {
  document.addEventListener("click", (event) => event.target.closest?.("[data-fold]") && fold());
}

// The server draws the rail as the cookie says, so that it doesn't jump.
export function fold() {
  const folded = document.body.classList.toggle("rail-folded");
  document.cookie = `dougong_rail=${folded ? "folded" : ""}; path=/; max-age=${YEAR}; samesite=lax`;
  for (const button of document.querySelectorAll("[data-fold]")) button.setAttribute("aria-expanded", String(!folded));
}

export function mountDesk(root) {
  each(root, "[data-ordered]", (list) => list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const item = button.closest("li");
    if (button.dataset.move === "-1") item.previousElementSibling?.before(item);
    else item.nextElementSibling?.after(item);
    button.focus();
  }));
  each(root, "[data-narrow]", (section) => section.querySelector("input").addEventListener("input", (event) => {
    const text = event.target.value.trim().toLowerCase();
    const places = [...section.querySelectorAll(".places a")];
    for (const place of places) place.hidden = !place.textContent.toLowerCase().includes(text);
    section.classList.toggle("narrowed", Boolean(text));
    section.querySelector("[data-none]").hidden = places.some((place) => !place.hidden);
  }));
  each(root, "[data-since]", (clock) => {
    const since = Date.parse(clock.dataset.since);
    const tick = () => {
      if (!clock.isConnected) return clearInterval(timer);
      const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
      const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60].map((n) => String(n).padStart(2, "0"));
      clock.textContent = h === "00" ? `${m}:${s}` : `${Number(h)}:${m}:${s}`;
    };
    const timer = setInterval(tick, 1000);
    tick();
  });
}
