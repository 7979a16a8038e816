// Says that the file changed, when somebody else recorded something. It changes nothing else on the page.
const place = document.querySelector("[data-live]");
let source = null;

function listen() {
  if (source || document.hidden) return;
  source = new EventSource(place.dataset.live);
  source.addEventListener("steps", (event) => {
    if (JSON.parse(event.data).steps > Number(place.dataset.steps)) say();
  });
}

// A browser has few connections for each site: a page that nobody sees gives its own back.
function leave() {
  if (source) source.close();
  source = null;
}

function say() {
  leave();
  document.removeEventListener("visibilitychange", change);
  const says = place.querySelector("[data-live-says]");
  says.replaceChildren(place.querySelector("template").content.cloneNode(true));
}

function change() {
  if (document.hidden) leave();
  else listen();
}

if (place && "EventSource" in window) {
  document.addEventListener("visibilitychange", change);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", change);
  listen();
}
