// What the browser does by itself: links that keep the filters, and where one is.
const ABOUT_ONE_PAGE = ["artist", "song", "user", "sql", "table"];

window.dash_clientside = Object.assign({}, window.dash_clientside, {
  zipotify: {
    navigation: function (pathname, search, ids) {
      const kept = new URLSearchParams(search || "");
      ABOUT_ONE_PAGE.forEach((name) => kept.delete(name));
      const query = kept.toString() ? "?" + kept : "";
      const isHere = (path) => path === pathname || (path !== "/" && pathname.startsWith(path + "/"));
      const classes = ids.map((id) => "zip-nav-link" + (isHere(id.path) ? " zip-active" : ""));
      return [ids.map((id) => id.path + query), classes];
    },
    // What the server drew for all who watch, each part to its place; again when the zone changes.
    place: function (drawn, ids) {
      const parts = JSON.parse(drawn || "{}");
      window.zipotifyPlaceAgain = () =>
        ids.some(({ id }) => document.getElementById("live-" + id)) && window.dash_clientside.set_props("drawn", { data: drawn });
      return ids.map(({ id }) => window.zipotifyClock(parts[id]) ?? window.dash_clientside.no_update);
    },
    runByKey: function (id) {
      document.getElementById(id)?.addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.target.blur();
          setTimeout(() => document.getElementById("explore-run")?.click(), 50);
        }
      });
      return "SQL";
    },
    complete: function (words, id) {
      return window.zipotifyComplete(words, id);
    },
    showDates: function (period) {
      return period === "custom" ? {} : { display: "none" };
    },
  },
});

// Grids have a colour scheme of their own; it follows the page's.
new MutationObserver(() => {
  const isDark = document.documentElement.dataset.mantineColorScheme === "dark";
  document.body.dataset.agThemeMode = isDark ? "dark-blue" : "light";
}).observe(document.documentElement, { attributes: true, attributeFilter: ["data-mantine-color-scheme"] });
