// A slider through past and future: only what depends on the day is fetched anew, and the address says which day.
const policy = globalThis.trustedTypes?.createPolicy("kindling", { createHTML: (text) => text });
const parse = (text) => new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
const parts = ["receipt"];

const start = (form) => {
  const range = form.querySelector("input[type=range]");
  const date = form.querySelector("input[type=date]");
  if (!range) return;
  range.hidden = false;
  let turn = 0;
  const look = async () => {
    const mine = ++turn;
    const day = new Date(`${form.dataset.asOf}T00:00:00Z`);
    day.setUTCDate(day.getUTCDate() + Number(range.value));
    const address = new URL(location.href);
    const named = day.toISOString().slice(0, 10);
    if (range.value === "0") address.searchParams.delete("at");
    else address.searchParams.set("at", named);
    date.value = named;
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok || mine !== turn) return;
    const page = parse(await answer.text());
    if (mine !== turn) return;
    for (const id of parts) document.getElementById(id)?.replaceWith(page.getElementById(id));
    document.querySelector("#evidence .chart")?.replaceWith(page.querySelector("#evidence .chart"));
    history.replaceState(null, "", address);
  };
  range.addEventListener("input", look);
};
for (const form of document.querySelectorAll("form[data-as-of]")) start(form);
