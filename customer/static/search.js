// What scripts add to searching: the list follows what is typed, "/" goes to
// the search box, Ctrl+P and a button print. All of it works without them, too.
const $ = (id) => document.getElementById(id);
const WAIT_MS = 150; // until the user pauses while typing
const LATE_MS = 300; // until a sign says that the list is not the one yet
const SLOW_MS = 5000; // until a message offers to try again
const PRINT_MS = 10000; // for thousands of suppliers
const box = $('q');
const form = box && box.form;
let timer, request, shown;
let waits = []; // timers of the request that is under way

// The URL that the form would open.
function wanted() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value) query.append(name, value);
  }
  return `${form.getAttribute('action')}?${query}`;
}

// What is marked comes from the new page, never the text that is typed, nor
// what somebody is choosing from.
function replace(page) {
  for (const old of document.querySelectorAll('[data-live]')) {
    const now = page.getElementById(old.id);
    if (!now || (form.contains(old) && old.contains(document.activeElement))) {
      continue;
    }
    if (old.open) now.open = true;
    old.replaceWith(now);
  }
  document.title = page.title;
  $('said').textContent = document.querySelector('[data-say]').textContent;
}

// The list is that of the last search; busy: another one is under way.
function markOld(busy) {
  $('results').classList.add('old');
  $('results').setAttribute('aria-busy', busy);
  $('late').hidden = !busy;
}

function fail() {
  markOld(false);
  $('failed').hidden = false;
}

function settle() {
  for (const wait of waits) clearTimeout(wait);
  $('late').hidden = true;
}

async function show() {
  const url = wanted();
  if (request) request.abort();
  settle();
  $('failed').hidden = true;
  if (url === shown) {
    $('results').classList.remove('old');
    $('results').removeAttribute('aria-busy');
    return;
  }
  waits = [setTimeout(markOld, LATE_MS, true), setTimeout(() => {
    $('late').hidden = true;
    $('failed').hidden = false;
  }, SLOW_MS)];
  request = new AbortController();
  const { signal } = request;
  try {
    const answer = await fetch(url, { signal });
    if (!answer.ok) throw answer;
    const text = await answer.text();
    if (url !== wanted()) return; // typed on: the next one is under way
    settle();
    $('failed').hidden = true;
    replace(new DOMParser().parseFromString(text, 'text/html'));
    history.replaceState(null, '', url);
    shown = url;
  } catch (error) {
    if (signal.aborted) return; // typed on, too
    settle();
    fail();
  }
}

function followTyping() {
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT_MS);
  });
  $('again').addEventListener('click', () => {
    box.focus();
    show();
  });
  if (box.value === box.defaultValue) shown = wanted();
  else show(); // typed before this ran
}

// Users who dictate, or hit keys by accident, can switch "/" off for good.
function followSlash() {
  const choice = $('key').querySelector('input');
  const store = (action, ...value) => {
    try {
      return localStorage[action]('slash', ...value);
    } catch (error) {
      return null; // storage is forbidden: until the page is left
    }
  };
  choice.checked = store('getItem') !== 'off';
  choice.addEventListener('change', () =>
    store('setItem', choice.checked ? 'on' : 'off'));
  $('key').hidden = false;
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || !choice.checked || event.ctrlKey ||
        event.altKey || event.metaKey ||
        event.target.closest('input, select, textarea')) return;
    event.preventDefault();
    box.select();
  });
}

// Put the whole list in place of its page until it is printed. Without it, the
// page says on paper that it is one of several.
async function showAll(link) {
  const shown = $('results').querySelector('table');
  const said = $('said').textContent;
  $('said').textContent = 'Preparing the whole list for printing';
  try {
    const answer = await fetch(link.href,
      { signal: AbortSignal.timeout(PRINT_MS) });
    if (!answer.ok) throw answer;
    const page = new DOMParser().parseFromString(await answer.text(),
      'text/html');
    const all = page.querySelector('table');
    const part = $('part');
    shown.replaceWith(all);
    part.remove();
    window.addEventListener('afterprint', () => {
      all.before(part);
      all.replaceWith(shown);
    }, { once: true });
  } finally {
    $('said').textContent = said;
  }
}

function followCtrlP() {
  let preparing = false;
  document.addEventListener('keydown', async (event) => {
    const link = $('part') && $('print-all');
    if (event.key !== 'p' || !(event.ctrlKey || event.metaKey) ||
        event.shiftKey || event.altKey || !(link || preparing)) return;
    event.preventDefault();
    if (preparing) return;
    preparing = true;
    await showAll(link).catch(() => null);
    preparing = false;
    window.print();
  });
}

if (box) followSlash();
if (box && $('results')) followTyping();
if ($('results')) followCtrlP();
if ($('print')) {
  $('print').hidden = false;
  $('print').addEventListener('click', () => window.print());
}
