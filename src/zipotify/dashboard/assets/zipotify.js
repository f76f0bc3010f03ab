// What the browser does by itself: links that keep the filters, and where one is.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  zipotify: {
    navigation: function (pathname, search, ids) {
      const hrefs = ids.map((id) => id.path + (search || ""));
      const classes = ids.map((id) => "zip-nav-link" + (id.path === pathname ? " zip-active" : ""));
      return [hrefs, classes];
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
