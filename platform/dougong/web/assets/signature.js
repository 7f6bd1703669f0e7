// A signature is drawn on its canvas with the finger and goes up as a picture: a moment after the last stroke, or as soon as the form is sent.
import { each } from "./dom.js";
import { begin } from "./upload.js";

const PAUSE = 1500; // milliseconds after a stroke

export function mountSignatures(root) {
  each(root, "[data-signature]", mount);
}

function mount(place) {
  const canvas = place.querySelector("canvas");
  const again = place.querySelector("[data-clear]");
  const pen = canvas.getContext("2d");
  const paper = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    again.hidden = true;
  };
  const at = (event) => [(event.offsetX / canvas.clientWidth) * canvas.width, (event.offsetY / canvas.clientHeight) * canvas.height];
  let waiting;
  const send = () => {
    clearTimeout(waiting);
    canvas.toBlob((drawn) => {
      begin(place, new File([drawn], "signature.png", { type: "image/png" }));
      delete place.dataset.unsent;
      paper();
    });
  };
  Object.assign(pen, { lineWidth: 4, lineCap: "round", lineJoin: "round", strokeStyle: "#1a1e22" });
  paper();
  canvas.addEventListener("pointerdown", (event) => {
    clearTimeout(waiting);
    canvas.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(...at(event));
    pen.stroke();
    again.hidden = false;
  });
  canvas.addEventListener("pointerup", () => {
    if (again.hidden) return;
    place.dataset.unsent = "";
    waiting = setTimeout(send, PAUSE);
  });
  place.addEventListener("finish", send);
  again.addEventListener("click", () => {
    clearTimeout(waiting);
    delete place.dataset.unsent;
    paper();
  });
}
