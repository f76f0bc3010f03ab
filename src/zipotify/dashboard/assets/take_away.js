// Tiles as pictures. Charts are drawn anew by Plotly in the light look, with the tile's title, at twice the size on
// screen; whatever else a tile shows (figures, tables, maps) is drawn as it looks, by html-to-image.
(function () {
  const LIBRARY = "/assets/html-to-image.js";

  function chartPicture(place, chart, name) {
    const title = place.querySelector(".zip-tile-title")?.textContent || "";
    const layout = { ...chart.layout, autosize: false, title: { text: title, x: 0.02, xanchor: "left", font: { size: 16 } } };
    layout.margin = { ...layout.margin, l: 60, r: 20, b: 50, t: 70 };
    const size = { width: Math.max(640, chart.clientWidth), height: Math.max(360, chart.clientHeight + 60), scale: 2 };
    return window.Plotly.downloadImage({ data: chart.data, layout }, { format: "png", filename: name, ...size });
  }

  function library() {
    if (window.htmlToImage) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: LIBRARY, onload: resolve, onerror: reject });
      document.head.append(script);
    });
  }

  async function picture(place, name) {
    await library();
    const link = document.createElement("a");
    link.href = await window.htmlToImage.toPng(place, {
      pixelRatio: 2,
      skipFonts: true,
      filter: (node) => !node.classList?.contains("zip-tile-tools"),
    });
    link.download = name + ".png";
    link.click();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-png]");
    const place = button && document.getElementById(button.dataset.png);
    if (!place) return;
    const chart = place.querySelector(".js-plotly-plot");
    if (chart) chartPicture(place, chart, button.dataset.name);
    else picture(place, button.dataset.name);
  });
})();
