"use strict";

// The numbers of an epoch below a chart: by its slider, or by pointing at the drawing.
function showEpochs(figure, chart) {
  const plot = figure.querySelector("svg.plot");
  const cursor = plot.querySelector(".cursor");
  const slider = figure.querySelector("input");
  const output = figure.querySelector("output");
  const [left, right, first, last] = ["left", "right", "first", "last"].map(name => Number(plot.dataset[name]));
  const series = chart.series.map(curve => ({ name: curve.name, values: new Map(curve.points) }));

  const write = value => chart.unit ? `${value.toFixed(2)} ${chart.unit}` : Number(value.toPrecision(4)).toString();

  function show(epoch, moveCursor) {
    const known = series.filter(curve => curve.values.has(epoch));
    const numbers = known.map(curve => `${curve.name} ${write(curve.values.get(epoch))}`);
    output.textContent = `epoch ${epoch}: ${numbers.length > 0 ? numbers.join(", ") : "not validated"}`;
    const x = last > first ? left + (epoch - first) / (last - first) * (right - left) : (left + right) / 2;
    cursor.setAttribute("transform", `translate(${x} 0)`);
    cursor.setAttribute("visibility", moveCursor ? "visible" : "hidden");
  }

  function point(event) {
    const box = plot.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * plot.viewBox.baseVal.width;
    const epoch = first + (x - left) / (right - left) * (last - first);
    slider.value = String(Math.min(last, Math.max(first, Math.round(epoch))));
    show(Number(slider.value), true);
  }

  slider.addEventListener("input", () => show(Number(slider.value), true));
  plot.addEventListener("pointermove", point);
  plot.addEventListener("pointerdown", point);
  show(Number(slider.value), false);
}

// The line between prediction and truth, and the button that shows the marked pixels.
function showLayers(figure) {
  const layers = figure.querySelector(".layers");
  const slider = figure.querySelector("input.wipe");
  const button = figure.querySelector("button.toggle");

  function mark(isMarked) {
    figure.classList.toggle("marked", isMarked);
    button.setAttribute("aria-pressed", String(isMarked));
  }

  function wipe() {
    mark(false);
    layers.style.setProperty("--wipe", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${slider.value} % prediction`);
  }

  slider.addEventListener("input", wipe);
  layers.addEventListener("pointermove", event => {
    if (event.pointerType === "mouse" && event.buttons === 1) {
      const box = layers.getBoundingClientRect();
      slider.value = String(Math.round((event.clientX - box.left) / box.width * 100));
      wipe();
    }
  });
  layers.addEventListener("dragstart", event => event.preventDefault());
  button.addEventListener("click", () => mark(!figure.classList.contains("marked")));
  wipe();
}

// Rows and columns of the confusion matrix in words.
function nameCells(table) {
  const columns = [...table.querySelectorAll("thead th")].map(cell => cell.textContent);
  table.addEventListener("pointerover", event => {
    const cell = event.target.closest("td");
    if (cell && !cell.title) {
      const row = cell.parentElement.querySelector("th").textContent;
      cell.title = `${row} predicted as ${columns[cell.cellIndex]}: ${cell.textContent || "below 0.5"} %`;
    }
  });
}

const charts = JSON.parse(document.getElementById("chart-data").textContent);
for (const [id, chart] of Object.entries(charts)) {
  showEpochs(document.getElementById(id), chart);
}

document.querySelectorAll("figure.image").forEach(showLayers);
document.querySelectorAll("table.matrix").forEach(nameCells);
