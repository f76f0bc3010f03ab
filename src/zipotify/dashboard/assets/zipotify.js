// What the browser does by itself: links that keep the filters, and where one is.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  zipotify: {
    navigation: function (pathname, search, ids) {
      const hrefs = ids.map((id) => id.path + (search || ""));
      const classes = ids.map((id) => "zip-nav-link" + (id.path === pathname ? " zip-active" : ""));
      return [hrefs, classes];
    },
    showDates: function (period) {
      return period === "custom" ? {} : { display: "none" };
    },
  },
});
