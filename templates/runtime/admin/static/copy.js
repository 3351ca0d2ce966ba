// The only script of the page: it copies a secret. Without it one selects the text.
"use strict";
for (const button of document.querySelectorAll("button[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    let done = true;
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      done = document.execCommand("copy");
    }
    document.getElementById(button.dataset.says).textContent = done ? "Copied." : "Press Ctrl+C to copy.";
  });
}
