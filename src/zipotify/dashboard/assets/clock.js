// Times are written in UTC; on demand they are shown in the browser's own zone, as are charts by the clock. Days stay
// in UTC: they are counted so.
(function () {
  const KEPT = "zipotify-zone";
  const FORMS = {
    minute: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hour12: false, timeZoneName: "short" },
    second: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false, timeZoneName: "short" },
    time: { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false },
  };
  let isLocal = localStorage.getItem(KEPT) === "local";
  let isAsked = false;

  function show() {
    isAsked = false;
    for (const time of document.querySelectorAll("time[data-utc]")) {
      const form = FORMS[time.dataset.form];
      const text = isLocal ? new Intl.DateTimeFormat("en-GB", form).format(new Date(time.dateTime)) : time.dataset.utc;
      // The text node stays the page's own, which goes on writing into it.
      if (time.firstChild && time.firstChild.nodeValue !== text) time.firstChild.nodeValue = text;
    }
    const button = document.getElementById("zone");
    if (button) {
      button.textContent = isLocal ? "Local" : "UTC";
      button.setAttribute("aria-pressed", String(isLocal));
    }
  }
  function ask() {
    if (!isAsked) requestAnimationFrame(show);
    isAsked = true;
  }

  // Charts know no zones: what they are given is moved, each instant by what its zone was from UTC then.
  function local(text) {
    const at = new Date(text + "Z");
    return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 19);
  }
  function zoneName(text) {
    const parts = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" }).formatToParts(new Date(text + "Z"));
    return parts.find((part) => part.type === "timeZoneName").value;
  }
  function movedFigure(figure) {
    const newest = figure.data.flatMap((trace) => trace.x ?? []).at(-1);
    if (newest === undefined) return figure;
    const xaxis = { ...figure.layout.xaxis, title: { ...figure.layout.xaxis.title, text: zoneName(newest) } };
    const data = figure.data.map((trace) => ({ ...trace, x: trace.x?.map(local) }));
    return { ...figure, data, layout: { ...figure.layout, xaxis } };
  }
  // A tree of components as the server drew it, its charts by the clock moved.
  function moved(part) {
    if (Array.isArray(part)) return part.map(moved);
    if (!part?.props) return part;
    const { children, figure } = part.props;
    if (figure?.layout?.meta?.clock) return { ...part, props: { ...part.props, figure: movedFigure(figure) } };
    return children ? { ...part, props: { ...part.props, children: moved(children) } } : part;
  }
  window.zipotifyClock = (part) => (isLocal ? moved(part) : part);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#zone")) return;
    isLocal = !isLocal;
    localStorage.setItem(KEPT, isLocal ? "local" : "utc");
    show();
    window.zipotifyPlaceAgain?.();
  });
  new MutationObserver(() => isLocal && ask()).observe(document.documentElement, { subtree: true, childList: true, characterData: true });
})();
