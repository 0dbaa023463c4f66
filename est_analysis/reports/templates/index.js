const field = document.getElementById('sok'), told = document.getElementById('antal');
const all = [...document.querySelectorAll('article')];
field.closest('search').hidden = false;
field.addEventListener('input', () => {
  const words = field.value.toLocaleLowerCase('sv').split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const one of all) {
    const text = one.textContent.toLocaleLowerCase('sv');
    one.hidden = !words.every((word) => text.includes(word));
    shown += !one.hidden;
  }
  told.textContent = words.length ? `${shown} / ${all.length}` : '';
});
