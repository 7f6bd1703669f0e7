// Sheets and menus. [data-sheet=id] opens, [data-close] closes; dialog[data-open] opens as it arrives.
import { each } from "./dom.js";

export function mountSheets(root) {
  each(root, "dialog[data-open]", (dialog) => dialog.showModal());
}

export function listenForSheets() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-sheet]");
    if (opener) document.getElementById(opener.dataset.sheet).showModal();
    if (event.target.closest("[data-close]") || event.target.matches("dialog.sheet")) event.target.closest("dialog").close();
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.querySelector("summary").contains(event.target)) menu.open = false;
    }
    const tab = event.target.closest("[role=tab][aria-controls]");
    if (tab) choose(tab);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) menu.open = false;
  });
}

function choose(tab) {
  for (const other of tab.parentElement.querySelectorAll("[role=tab]")) {
    other.setAttribute("aria-selected", String(other === tab));
    document.getElementById(other.getAttribute("aria-controls"))?.classList.toggle("on", other === tab);
  }
}
