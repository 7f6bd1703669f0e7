// What happened, for five seconds, with its way back. The server sends toasts in the page or by the HX-Trigger event
// {"toast": {"text": …, "undo": address, "saved": form key}}; `saved` ends the draft of that form.
import { csrfToken, each, make } from "./dom.js";
import { dropDraft } from "./draft.js";
import { word } from "./words.js";

export function showToast(text, { undo, label, act } = {}) {
  const toast = make("div", { class: "toast", "data-toast": true }, make("span", {}, text));
  if (undo || act) {
    const button = make("button", { class: "button", type: "button", "data-undo": undo }, label ?? word("undo"));
    if (act) button.addEventListener("click", act);
    toast.append(button);
  }
  document.querySelector(".toasts").append(toast);
  mountToasts(toast);
}

export function mountToasts(root) {
  each(root, "[data-toast]", (toast) => {
    if (toast.dataset.saved) dropDraft(toast.dataset.saved);
    let timer;
    const leave = () => {
      toast.classList.add("leaving");
      setTimeout(() => toast.remove(), 200);
    };
    const count = () => (timer = setTimeout(leave, 5000));
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", count);
    toast.addEventListener("click", (event) => event.target.closest("button") && leave());
    count();
  });
}

export function listenForToasts() {
  document.addEventListener("toast", ({ detail }) => {
    if (detail.saved) dropDraft(detail.saved);
    showToast(detail.text, detail);
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-undo]");
    if (!button) return;
    const answer = await fetch(button.dataset.undo, { method: "POST", headers: { "X-CSRFToken": csrfToken() } }).catch(() => null);
    if (answer?.ok) location.reload();
    else showToast(word("server_error"));
  });
}
