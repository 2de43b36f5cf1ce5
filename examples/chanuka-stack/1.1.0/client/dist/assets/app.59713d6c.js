const form = document.querySelector("form");
const list = document.getElementById("petitions");

const ask = async (path) => (await fetch("/api/" + path)).json();
const send = (path, what) => fetch("/api/" + path, { method: "POST", body: JSON.stringify(what) });

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function row({ id, title, place, signatures }) {
  const made = document.createElement("li");
  const sign = element("button", "Sign");
  sign.addEventListener("click", async () => {
    const name = prompt("Your name");
    if (name) await send("signatures", { petition: id, name });
    await show();
  });
  made.append(element("b", title), element("small", `${signatures} signed`), sign);
  if (place) made.firstChild.after(element("i", place));
  return made;
}

async function show() {
  list.replaceChildren(...(await ask("petitions")).map(row));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await send("petitions", Object.fromEntries(new FormData(form)));
  form.reset();
  await show();
});

await show();
document.getElementById("version").textContent = (await ask("about")).version;
