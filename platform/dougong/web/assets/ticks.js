// Ticking rows of a list at the desk: [data-tick], with Shift a range, [data-tick-all] the page, [data-tick-matching] all that fit.
// The bar .bulk[data-bulk=address][data-list=query] shows how many and their sums; a form[data-ticked] sends the ticked ones along.
import { csrfToken, each, later } from "./dom.js";

const bar = () => document.querySelector(".bulk");
const boxes = () => [...document.querySelectorAll("[data-tick]")];
const ticked = () => boxes().filter((box) => box.checked);
let matching = false;
let last;

export function listenForTicks() {
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("[data-tick]");
    if (box && event.shiftKey && last?.isConnected) fill(boxes().indexOf(last), boxes().indexOf(box), box.checked);
    if (box) last = box;
    if (event.target.closest?.("[data-untick]")) set(false);
    if (event.target.closest?.("[data-tick-matching]")) {
      set(true);
      matching = true;
      draw();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) set(event.target.checked);
    else if (event.target.matches("[data-tick]")) draw();
    else return;
    event.stopPropagation();
  });
  document.addEventListener("formdata", (event) => event.target.matches("[data-ticked]") && tell(event.formData));
}

export function mountTicks(root) {
  each(root, ".bulk", () => {
    matching = false;
    draw();
  });
}

// X on the keyboard: the row that is chosen.
export function tickRow(row) {
  const box = row?.querySelector("[data-tick]");
  if (!box) return false;
  box.checked = !box.checked;
  last = box;
  draw();
  return true;
}

function fill(from, to, on) {
  for (const box of boxes().slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked = on;
  draw();
}

function set(on) {
  for (const box of boxes()) box.checked = on;
  draw();
}

function tell(data) {
  if (matching) {
    data.set("all", "1");
    data.set("list", bar().dataset.list);
  } else for (const box of ticked()) data.append("uid", box.value);
}

function draw() {
  const [all, some] = [boxes(), ticked()];
  if (some.length < all.length) matching = false;
  const whole = document.querySelector("[data-tick-all]");
  if (whole) {
    whole.checked = all.length > 0 && some.length === all.length;
    whole.indeterminate = some.length > 0 && some.length < all.length;
  }
  for (const box of all) box.closest("tr").classList.toggle("ticked", box.checked);
  if (!bar()) return;
  bar().hidden = !some.length;
  const offer = bar().querySelector("[data-tick-matching]");
  if (offer) offer.hidden = matching || some.length < all.length;
  if (some.length) sum();
}

const sum = later(60, async () => {
  const place = bar()?.querySelector("[data-sums]");
  if (!place) return;
  const data = new FormData();
  tell(data);
  data.set("list", bar().dataset.list);
  const answer = await fetch(`${bar().dataset.bulk}/sums`, { method: "POST", body: data, headers: { "X-CSRFToken": csrfToken() } }).catch(() => null);
  if (answer?.ok) place.innerHTML = await answer.text();
});
