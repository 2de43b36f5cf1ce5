const list = document.getElementById("app");
const response = await fetch("/api/petitions");
const petitions = await response.json();
list.replaceChildren(
  ...petitions.map(({ title, signatures }) => {
    const row = document.createElement("p");
    row.textContent = `${title}: ${signatures}`;
    return row;
  }),
);
//# sourceMappingURL=app.3f9a1c2e.js.map
