// Begins a session, sends what was typed to /chat, and shows the answer with the revision and instance that gave it.
const form = document.querySelector("form");
const status = document.querySelector("[role=status]");
let session = null;

const post = (path, body) =>
  fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).then((response) => response.json());

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const message = new FormData(form).get("message");
  session ??= (await post("/sessions", {})).session?.id;
  const answer = await post("/chat", { message, session });
  status.textContent = `${answer.reply ?? answer.error} (${answer.revision}, ${answer.instance})`;
  form.reset();
});
