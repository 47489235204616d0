// Sends what was typed to /chat and shows the answer, with the revision and instance that gave it.
const form = document.querySelector("form");
const status = document.querySelector("[role=status]");
let session = null;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const message = new FormData(form).get("message");
  const answer = await fetch("/chat", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(session ? { message, session } : { message }),
  }).then((response) => response.json());
  session = answer.session ?? session;
  status.textContent = `${answer.reply ?? answer.error} (${answer.revision}, ${answer.instance})`;
  form.reset();
});
