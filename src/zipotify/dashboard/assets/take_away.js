// Charts as pictures: drawn anew in the light look, with the tile's title, at twice the size on screen.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-png]");
  const place = button && document.getElementById(button.dataset.png);
  const chart = place && place.querySelector(".js-plotly-plot");
  if (!chart) return;
  const title = place.querySelector(".zip-tile-title")?.textContent || "";
  const layout = { ...chart.layout, autosize: false, title: { text: title, x: 0.02, xanchor: "left", font: { size: 16 } } };
  layout.margin = { ...layout.margin, l: 60, r: 20, b: 50, t: 70 };
  const size = { width: Math.max(640, chart.clientWidth), height: Math.max(360, chart.clientHeight + 60), scale: 2 };
  window.Plotly.downloadImage({ data: chart.data, layout }, { format: "png", filename: button.dataset.name, ...size });
});
