const form = document.querySelector("form");
const list = document.getElementById("petitions");

const ask = async (path, options) => (await fetch("/api/" + path, options)).json();

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function row({ title, place, signatures }) {
  const made = document.createElement("li");
  made.append(element("b", title), ...(place ? [element("i", place)] : []), element("small", `${signatures} signatures`));
  return made;
}

async function show() {
  list.replaceChildren(...(await ask("petitions")).map(row));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  await ask("petitions", { method: "POST", body });
  form.reset();
  await show();
});

await show();
document.getElementById("version").textContent = (await ask("about")).version;
