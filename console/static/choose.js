// Rows that are ticked: all at once, and how many there are.
for (const form of document.querySelectorAll("form[data-choose]")) {
  const all = form.querySelector("[data-all]");
  const told = form.querySelector("[data-count]");
  const empty = told.textContent;
  const boxes = () => [...form.querySelectorAll("input[name=key]")];
  const buttons = form.querySelectorAll("[data-chosen] button");
  const tell = () => {
    const count = boxes().filter((box) => box.checked).length;
    told.textContent = count ? String(count) : empty;
    all.checked = count > 0 && count === boxes().length;
    all.indeterminate = count > 0 && count < boxes().length;
    for (const button of buttons) button.disabled = !count;
  };
  all.addEventListener("change", () => {
    for (const box of boxes()) box.checked = all.checked;
    tell();
  });
  form.addEventListener("change", tell);
  tell();
}
