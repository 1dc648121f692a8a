// Choosing suppliers on the list: a box that chooses all on the page, and how
// many are chosen. Without scripts each has its own box.
const bar = document.getElementById('choose');
const boxes = [...document.querySelectorAll('input[name="supplier"]')];

const all = document.createElement('input');
all.type = 'checkbox';
const label = document.createElement('label');
label.className = 'chosen-all';
label.append(all, ' Choose all on this page');

const count = document.createElement('p');
count.setAttribute('role', 'status');
bar.prepend(label, count);

function show() {
  const chosen = boxes.filter((box) => box.checked).length;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  const text = chosen === 0 ? '' : `${chosen} chosen`;
  if (count.textContent !== text) count.textContent = text;
}

all.addEventListener('change', () => {
  for (const box of boxes) box.checked = all.checked;
  show();
});
document.addEventListener('change', show);
// Back from the next page, the browser has put the ticks back.
window.addEventListener('pageshow', show);
show();
