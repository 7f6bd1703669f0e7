// Where one stands: [data-locate=id of the input] writes `lat, lng ±metres`, which fields/location.py reads.
import { changed } from "./dom.js";
import { word } from "./words.js";

export function listenForPlaces() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-locate]");
    if (!button) return;
    const input = document.getElementById(button.dataset.locate);
    const note = button.closest("[data-location]").querySelector("[data-note]");
    note.hidden = true;
    button.disabled = true;
    const place = await whereabouts();
    button.disabled = false;
    if (place) {
      input.value = place;
      changed(input);
      return;
    }
    note.textContent = word("no_place");
    note.hidden = false;
  });
}

// The device's place, or "" where it doesn't know it or may not tell.
export function whereabouts() {
  return new Promise((tell) => {
    if (!navigator.geolocation) return tell("");
    const found = ({ coords }) => tell(`${short(coords.latitude)}, ${short(coords.longitude)} ±${Math.round(coords.accuracy)}`);
    navigator.geolocation.getCurrentPosition(found, () => tell(""), { enableHighAccuracy: true, timeout: 8000, maximumAge: 60_000 });
  });
}

const short = (degrees) => String(Number(degrees.toFixed(6)));
