// Warns before a session ends. It asks the server how long is left, changes nothing on the page but its own
// banner, and takes the focus from nobody: a half-filled form stays as it is.

const WARN = 120; // seconds before the end
const banner = document.querySelector(".board-session-warning");

let timer = 0;

function wait(left, more) {
  clearTimeout(timer);
  if (left <= 0) return over();
  if (left <= WARN) warn(left, more);
  else hide();
  // Once more when it is time to warn, or when it is over; a browser takes no longer times than 24 days.
  timer = setTimeout(ask, Math.min(left <= WARN ? left + 1 : left - WARN, 86400) * 1000);
}

function hide() {
  banner.dataset.state = "";
  banner.replaceChildren();
  document.documentElement.classList.remove("board-warned");
}

function say(text, ...more) {
  const words = document.createElement("p");
  words.className = "govuk-body";
  words.textContent = text;
  const box = document.createElement("div");
  box.className = "board-session-warning__box";
  box.append(words, ...more);
  banner.replaceChildren(box);
  document.documentElement.classList.add("board-warned");
}

function warn(left, more) {
  if (banner.dataset.state === "warned") return;
  banner.dataset.state = "warned";
  const minutes = Math.max(1, Math.round(left / 60));
  const soon = `You will be signed out in ${minutes === 1 ? "a minute" : `${minutes} minutes`}`;
  if (!more) {
    say(`${soon}. What you have typed is kept when you send it, and is there again once you have signed in again.`);
    return;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "govuk-button board-session-warning__stay";
  button.textContent = "Stay signed in";
  button.addEventListener("click", stay);
  say(`${soon}, because no page was asked for in a while.`, button);
}

function over() {
  clearTimeout(timer);
  banner.dataset.state = "over";
  say(
    "You have been signed out. What you typed is still on this page: when you send it, you are asked to sign in, " +
      "and it is there again afterwards.",
  );
}

async function answer(address, options) {
  try {
    const got = await fetch(address, { ...options, redirect: "manual", headers: { Accept: "application/json" } });
    if (got.ok) {
      const { left, more } = await got.json();
      wait(left, more);
    } else if (got.type === "opaqueredirect" || got.status === 403) over();
    else later();
  } catch {
    later();
  }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, 30_000);
}

const ask = () => answer("/session/left");

const stay = () =>
  answer("/session/keep", { method: "POST", body: new URLSearchParams({ csrf: banner.dataset.csrf }) });

if (banner) {
  wait(Number(banner.dataset.left), banner.dataset.more === "yes");
  // A machine that slept, or another tab in which somebody went on: the server knows how long is left.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) ask();
  });
}
