// Times in the reader's zone, with how long ago they were. Pages have them in
// UTC, and are cached: only a browser knows where and when they are read.
const RENEW_MS = 60 * 1000;
const UNITS = [['day', 24 * 3600], ['hour', 3600], ['minute', 60]];
const words = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit',
  minute: '2-digit', timeZoneName: 'short',
});
const distance = new Intl.RelativeTimeFormat('en');

// A server's clock may be ahead.
function ago(at) {
  const seconds = (Date.now() - at) / 1000;
  for (const [unit, length] of UNITS) {
    if (seconds >= length) {
      return distance.format(-Math.floor(seconds / length), unit);
    }
  }
  return 'less than a minute ago';
}

function show() {
  for (const time of document.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    let text = words.format(at).replace(' at ', ', ');
    // In what only tells links apart, the time is enough.
    if (!time.closest('.visually-hidden')) text += ` (${ago(at)})`;
    if (time.textContent !== text) time.textContent = text;
  }
}

show();
// A list that is searched may bring times of its own.
new MutationObserver(show).observe(document.body,
  { childList: true, subtree: true });
setInterval(show, RENEW_MS);
