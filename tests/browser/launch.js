// The browser of these tests: Debian's Chromium without a window, which takes
// less of the processor than the same with one that nobody sees. chromium.py
// starts it.
const { chromium } = require('playwright-core');

// args: switches for Chromium's command line
function launch(...args) {
  return chromium.launch({
    executablePath: `${__dirname}/chromium.py`,
    args: ['--no-sandbox', '--disable-gpu', ...args],
  });
}

module.exports = { launch };
