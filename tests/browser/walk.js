// What the walks through the pages share: a browser, its complaints, and a
// look at each page and state on phone and desktop, light and dark.
const assert = require('assert');
const fs = require('fs');
const { chromium } = require('playwright-core');

const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = [['phone', 320], ['desktop', 1280]];

class Walk {
  // looks: whether each state is photographed and checked with axe
  constructor({ address, scripts, folder, looks }) {
    Object.assign(this, { address, scripts, folder, looks });
    this.findings = [];
    this.complaints = [];
    this.elsewhere = [];
    this.states = 0;
  }

  async open() {
    this.browser = await chromium.launch({
      executablePath: '/usr/bin/chromium', args: ['--no-sandbox'],
    });
  }

  // A person with a browser of their own. Whatever a page tries to run, to
  // ask or to load from elsewhere is noted.
  async person() {
    const context = await this.browser.newContext({
      javaScriptEnabled: this.scripts, reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    page.on('dialog', (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on('pageerror', (error) => this.complaints.push(`error: ${error}`));
    page.on('console', (message) => {
      if (!/^Failed to load resource: .* status of (4|5)\d\d/.test(
        message.text())) {
        this.complaints.push(`console: ${message.text()}`);
      }
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(this.address) && !url.startsWith('data:')) {
        this.elsewhere.push(url);
      }
    });
    return page;
  }

  async axe(page, name) {
    await page.evaluate(AXE);
    const found = await page.evaluate(() => globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
        'best-practice'],
    }));
    for (const violation of found.violations) {
      for (const node of violation.nodes) {
        this.findings.push(`${name}: ${violation.id}: ${node.html}: ` +
          node.failureSummary);
      }
    }
  }

  // A page in a state that a test has brought it to.
  async look(page, name) {
    this.states += 1;
    if (!this.looks) return;
    for (const [size, width] of SIZES) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate(() =>
        document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} px too wide at ${width}`);
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        await this.axe(page, `${name} ${size} ${colorScheme}`);
        await page.screenshot({
          path: `${this.folder}/${name}-${size}-${colorScheme}.png`,
          fullPage: true, timeout: 90000,
        });
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
  }

  async close() {
    await this.browser.close();
    assert.deepStrictEqual(this.findings, []);
    assert.deepStrictEqual(this.complaints, []);
    assert.deepStrictEqual(this.elsewhere, []);
    console.log(`${this.states} states`);
  }
}

module.exports = { Walk };
