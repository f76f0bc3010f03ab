// Times are written in UTC; on demand they are shown in the browser's own zone. Days and charts stay in UTC.
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
  document.addEventListener("click", (event) => {
    if (!event.target.closest("#zone")) return;
    isLocal = !isLocal;
    localStorage.setItem(KEPT, isLocal ? "local" : "utc");
    show();
  });
  new MutationObserver(() => isLocal && ask()).observe(document.documentElement, { subtree: true, childList: true, characterData: true });
})();
