// The progress of an import without reloading the page. Without scripts the
// page renews itself.
const WAIT_MS = 500;
const SHARE = 4; // waits for so much longer than the last answer took
const PATIENCE_MS = 10000; // for one answer
const $ = (id) => document.getElementById(id);

// The state has changed: the new page has other buttons.
function move(page) {
  if (!page.querySelector('[data-renew]')
      || page.title !== document.title) {
    window.location.reload();
    return false;
  }
  const bar = page.getElementById('bar');
  if (bar !== null && bar.hasAttribute('value')) {
    $('bar').max = bar.max;
    $('bar').value = bar.value;
  }
  for (const id of ['progress-text', 'quiet']) {
    const now = page.getElementById(id);
    if (now === null || $(id) === null) continue;
    if ($(id).textContent !== now.textContent) {
      $(id).textContent = now.textContent;
    }
    $(id).hidden = now.hidden;
  }
  return true;
}

// A daemon that is replaced, or a database that is away, comes back.
async function look() {
  const began = performance.now();
  let more = true;
  try {
    const answer = await fetch(window.location.pathname, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (answer.ok) {
      const text = await answer.text();
      more = move(new DOMParser().parseFromString(text, 'text/html'));
    } else if (answer.status < 500) {
      window.location.reload();
      more = false;
    }
  } catch {
    // asked again
  }
  if (!more) return;
  const took = performance.now() - began;
  setTimeout(look, Math.max(WAIT_MS, SHARE * took));
}

setTimeout(look, WAIT_MS);
