// The sliders; without this script the page shows both pictures side by side.
for (const frame of document.querySelectorAll(".compare")) {
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: 0, max: 100, step: 1, value: 50 });
  slider.setAttribute("aria-label", frame.dataset.label);
  const show = () => {
    frame.style.setProperty("--at", slider.value + "%");
    slider.setAttribute("aria-valuetext", slider.value + " % sketch");
  };
  slider.addEventListener("input", show);
  frame.append(slider);
  frame.classList.add("live");
  show();
}
